package plaintext

import (
	"bytes"
	"testing"

	"carbon/receive/receivetest"
)

func TestVectors(t *testing.T) {
	for _, v := range receivetest.Load(t) {
		t.Run(v.ID, func(t *testing.T) {
			v.Check(t, read(bytes.NewReader(v.Data), Options{}).points)
		})
	}
}
