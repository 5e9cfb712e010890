package attime

import "testing"

func TestZone(t *testing.T) {
	for name, want := range map[string]string{
		"UTC": "UTC", "utc": "UTC", "Utc": "UTC",
		"Europe/Berlin": "Europe/Berlin", "europe/berlin": "Europe/Berlin", "EUROPE/BERLIN": "Europe/Berlin",
		"america/new_york": "America/New_York", "america/argentina/buenos_aires": "America/Argentina/Buenos_Aires",
		"us/pacific": "US/Pacific", "etc/gmt+5": "Etc/GMT+5", "est5edt": "EST5EDT",
		"America/Port_of_Spain": "America/Port_of_Spain",
	} {
		zone, err := Zone(name)
		if err != nil || zone.String() != want {
			t.Errorf("%q: %v, %v, want %s", name, zone, err, want)
		}
	}
	for _, name := range []string{
		"", "Local", "local", "LOCAL", "nope", "/", "Europe/", "../etc/passwd", "/etc/localtime", "ŉ/utc", "europe/ŉ", "ı/ı", "\xff/\xff",
	} {
		if zone, err := Zone(name); err == nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
}
