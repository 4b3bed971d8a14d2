package book

import (
	"go.etcd.io/etcd/server/v3/embed"
)

var _ embed.Config
