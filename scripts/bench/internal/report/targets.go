package report

// target is what the design of the gateway asks for in one case, against the
// hand-written service. The first pair is for the same build flags on both
// sides, the second for the gateway as it ships.
type target struct {
	cpu, perSecond               float64
	shippedCPU, shippedPerSecond float64
}

// targets by the key of the case.
func targets() map[string]target {
	return map[string]target{
		"book":      {0.92, 1.2, 0.80, 1.3},
		"reply4k":   {0.52, 2.0, 0.42, 2.2},
		"echo4k":    {0.42, 1.8, 0.35, 2.2},
		"reply100k": {0.34, 2.0, 0.28, 2.5},
		"echo100k":  {0.32, 1.7, 0.26, 2.2},
	}
}

// grpcTarget is for the CPU of each case against grpc-gateway.
const grpcTarget = 0.4

// floorTarget is for the CPU of a book query against ready bytes.
const floorTarget = 1.10

// Targets of a gateway that has nothing to do: memory in MB, the share of a
// core, and seconds from its start to its first answer.
const (
	memoryTarget = 80
	idleTarget   = 0.01
	startTarget  = 0.5
)

// names of the variants for people.
func names() map[string]string {
	return map[string]string{
		"gateway":   "DGate",
		"shipped":   "DGate as shipped",
		"hand":      "hand-written",
		"generic":   "Kitex JSON generic",
		"dynamicgo": "Kitex JSON generic, dynamicgo",
		"floor":     "ready bytes (floor)",

		"grpc-gateway": "grpc-gateway",
	}
}
