package gateway

import (
	"testing"

	"dgate/hertz-gateway/jsmodule/documentstest"
)

func TestDocuments(t *testing.T) { documentstest.Run(t, documents{start(t, nil).Gateway}) }
