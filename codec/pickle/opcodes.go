package pickle

// Opcodes, named as in Python's pickletools.
const (
	opMark    = '('
	opStop    = '.'
	opPop     = '0'
	opPopMark = '1'
	opDup     = '2'

	opNone     = 'N'
	opNewTrue  = 0x88
	opNewFalse = 0x89
	opInt      = 'I'
	opBinInt   = 'J'
	opBinInt1  = 'K'
	opBinInt2  = 'M'
	opLong     = 'L'
	opLong1    = 0x8a
	opLong4    = 0x8b
	opFloat    = 'F'
	opBinFloat = 'G'

	opString          = 'S'
	opBinString       = 'T'
	opShortBinString  = 'U'
	opUnicode         = 'V'
	opBinUnicode      = 'X'
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opBinBytes        = 'B'
	opShortBinBytes   = 'C'
	opBinBytes8       = 0x8e

	opEmptyList  = ']'
	opList       = 'l'
	opAppend     = 'a'
	opAppends    = 'e'
	opEmptyTuple = ')'
	opTuple      = 't'
	opTuple1     = 0x85
	opTuple2     = 0x86
	opTuple3     = 0x87
	opEmptyDict  = '}'
	opDict       = 'd'
	opSetItem    = 's'
	opSetItems   = 'u'
	opEmptySet   = 0x8f
	opAddItems   = 0x90
	opFrozenSet  = 0x91

	opPut        = 'p'
	opBinPut     = 'q'
	opLongBinPut = 'r'
	opMemoize    = 0x94
	opGet        = 'g'
	opBinGet     = 'h'
	opLongBinGet = 'j'

	opProto = 0x80
	opFrame = 0x95
)

// Opcodes that name or call something, or refer to an external object.
const (
	opGlobal         = 'c'
	opStackGlobal    = 0x93
	opReduce         = 'R'
	opBuild          = 'b'
	opInst           = 'i'
	opObj            = 'o'
	opNewObj         = 0x81
	opNewObjEx       = 0x92
	opPersID         = 'P'
	opBinPersID      = 'Q'
	opExt1           = 0x82
	opExt2           = 0x83
	opExt4           = 0x84
	opByteArray8     = 0x96
	opNextBuffer     = 0x97
	opReadonlyBuffer = 0x98
)
