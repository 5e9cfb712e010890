package plaintext

import (
	"bytes"
	"testing"

	"carbon/receive/vectortest"
)

func TestVectors(t *testing.T) {
	for _, v := range vectortest.Load(t) {
		t.Run(v.ID, func(t *testing.T) {
			v.Check(t, read(bytes.NewReader(v.Data), Options{}).points)
		})
	}
}
