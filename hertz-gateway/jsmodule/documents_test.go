package jsmodule_test

import (
	"testing"

	"dgate/hertz-gateway/jsmodule"
	"dgate/hertz-gateway/jsmodule/documentstest"
)

func TestMemoryDocuments(t *testing.T) { documentstest.Run(t, jsmodule.NewMemoryDocuments()) }
