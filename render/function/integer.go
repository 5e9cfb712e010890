package function

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// floorMod returns Python's a % b for positive b.
func floorMod(a, b int64) int64 { return ((a % b) + b) % b }

// floorDiv returns Python's a // b for positive b.
func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }
