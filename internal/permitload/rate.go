package permitload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/tool"
)

// rates are Permit's published limits, changed by what --rate says.
func rates(changes []string) ([]httpapi.Class, error) {
	classes := permit.Classes()
	for _, change := range changes {
		name, rate, _ := strings.Cut(change, "=")
		count, per, _ := strings.Cut(rate, "/")
		i := slices.IndexFunc(classes, func(c httpapi.Class) bool { return c.Name == name })
		calls, countErr := strconv.Atoi(count)
		span, spanErr := time.ParseDuration(per)
		if i < 0 || countErr != nil || spanErr != nil || calls < 1 || span <= 0 {
			return nil, tool.Usage(fmt.Sprintf("--rate: %q is not CLASS=N/DURATION", change), "--rate bulk=100/10m (classes: bulk, schema, delete, write, all)")
		}
		classes[i].Calls, classes[i].Per = calls, span
	}
	return classes, nil
}
