package htpasswd

import "crypto/md5"

// apr1 is the prefix of Apache's hashes, 1000 rounds of MD5.
const apr1 = "$apr1$"

// apacheMD5 returns the hash of a password, with prefix and salt. The algorithm is that of
// FreeBSD's crypt, with another prefix.
func apacheMD5(password, salt string) string {
	salt = salt[:min(len(salt), 8)]
	p := []byte(password)

	inner := md5.Sum([]byte(password + salt + password))
	text := []byte(password + apr1 + salt)
	for n := len(p); n > 0; n -= md5.Size {
		text = append(text, inner[:min(n, md5.Size)]...)
	}
	for n := len(p); n > 0; n >>= 1 {
		if n&1 != 0 {
			text = append(text, 0)
		} else {
			text = append(text, p[0])
		}
	}
	sum := md5.Sum(text)
	for i := range 1000 {
		text = text[:0]
		if i&1 != 0 {
			text = append(text, p...)
		} else {
			text = append(text, sum[:]...)
		}
		if i%3 != 0 {
			text = append(text, salt...)
		}
		if i%7 != 0 {
			text = append(text, p...)
		}
		if i&1 != 0 {
			text = append(text, sum[:]...)
		} else {
			text = append(text, p...)
		}
		sum = md5.Sum(text)
	}

	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	hash := []byte(apr1 + salt + "$")
	write := func(v uint32, n int) {
		for ; n > 0; n-- {
			hash = append(hash, digits[v&63])
			v >>= 6
		}
	}
	for _, three := range [][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}} {
		write(uint32(sum[three[0]])<<16|uint32(sum[three[1]])<<8|uint32(sum[three[2]]), 4)
	}
	write(uint32(sum[11]), 2)
	return string(hash)
}
