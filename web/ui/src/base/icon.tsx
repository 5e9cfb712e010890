// SVG paths of the icons, 16 by 16, drawn as lines.
const paths = {
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  left: 'M10 3L5 8l5 5',
  right: 'M6 3l5 5-5 5',
  down: 'M3.5 6L8 10.5 12.5 6',
  out: 'M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.5 10.5L14 14M5 7h4',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 100 4 2 2 0 000-4z',
  hidden:
    'M2 2l12 12M1.5 8S4 3.5 8 3.5c1 0 2 .3 2.800.7M14.500 8S13.500 10 11.600 11.300M5 5.500A7 7 0 001.500 8s2.500 4.500 6.500 4.500',
  up: 'M8 13V3M4 7l4-4 4 4',
  lower: 'M8 3v10M4 9l4 4 4-4',
  fx: 'M9.500 2.500C7 2 6.500 4 6.200 6L5 12c-.3 1.500-1 2-2.500 1.500M3.500 6.500h5M9 9l4.500 4.500M13.500 9L9 13.500',
  search: 'M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.5 10.5L14 14',
  sun: 'M8 5a3 3 0 100 6 3 3 0 000-6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  moon: 'M13.500 9.500A6 6 0 016.500 2.500a6 6 0 107 7z',
  auto: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 2v12',
  menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  clock: 'M8 2a6 6 0 100 12A6 6 0 008 2zM8 4.500V8l2.500 1.500',
  share: 'M8 10V2M5 4.500L8 2l3 2.500M3 8v5.500h10V8',
  grid: 'M2.500 2.500h4.500v4.500H2.500zM9 2.500h4.500v4.500H9zM2.500 9h4.500v4.500H2.500zM9 9h4.500v4.500H9z',
  wall: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  flag: 'M3.500 14V2.500h8.500l-2 3 2 3H3.500',
  leaf: 'M2 11l3.500-4 3 2.500L14 4',
  folder: 'M2 4h4l1.500 1.500H14V12.500H2z',
  save: 'M2.500 2.500h8.500l2.500 2.500v8.500h-11zM5 2.500V6h5V2.500M5 13.500V9.500h6v4',
  trash: 'M2.500 4h11M6 4V2.500h4V4M4 4l.7 9.500h6.600L12 4',
  edit: 'M2.500 13.500l.7-3L11 2.700l2.300 2.300L5.500 12.800z',
  history: 'M2.500 8a5.500 5.500 0 105.500-5.500A5.600 5.600 0 003.800 4.500M3.500 2v3h3M8 5v3l2 1.500',
  picture: 'M2 3h12v10H2zM2 11l3.500-3.500 3 3L11 8l3 3',
}

export type IconName = keyof typeof paths

export function Icon(props: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={paths[props.name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  )
}
