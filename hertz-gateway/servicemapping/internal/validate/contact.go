package validate

import (
	"bytes"
	"regexp"
)

// emailForm is what go-tagexpr takes for an address.
var emailForm = regexp.MustCompile(`^[A-Za-z0-9_\-.\x{4e00}-\x{9fa5}]+@[A-Za-z0-9_\-.]+\.[A-Za-z]{2,8}$`)

func validEmail(s []byte) bool { return emailForm.Match(s) }

// Forms of telephone numbers, punctuation removed. The plan of each country is
// beyond a gateway: only China's, go-tagexpr's default region, is known.
var (
	worldPhone   = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	localPhone   = regexp.MustCompile(`^[0-9]{4,14}$`)
	chinesePhone = regexp.MustCompile(`^(1[3-9][0-9]{9}|0[1-9][0-9]{8,10}|400[0-9]{7}|800[0-9]{7})$`)
)

// maxPhone bounds a number with its punctuation.
const maxPhone = 32

// validPhone reports whether s can be a telephone number: international with
// "+", else one of the region ("" is CN).
func validPhone(s, region []byte) bool {
	if len(s) > maxPhone {
		return false
	}
	digits := make([]byte, 0, maxPhone)
	for _, c := range s {
		if bytes.IndexByte([]byte(" -.()"), c) < 0 {
			digits = append(digits, c)
		}
	}
	chinese := len(region) == 0 || bytes.EqualFold(region, []byte("CN"))
	if national, ok := bytes.CutPrefix(digits, []byte("+86")); ok {
		if chinesePhone.Match(national) {
			return true
		}
		return chinesePhone.Match(append([]byte("0"), national...))
	}
	switch {
	case bytes.HasPrefix(digits, []byte("+")):
		return worldPhone.Match(digits)
	case chinese:
		return chinesePhone.Match(digits)
	default:
		return localPhone.Match(digits)
	}
}
