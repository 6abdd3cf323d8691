// Compare measures a0tojsonl beside other tools that read CSV, on this machine:
// GNU gzip, Miller and DuckDB, whichever of them is installed. It makes up a
// table of users, runs each tool and a0tojsonl in turn, and prints a table of
// ratios.
//
// Usage:
//
//	go run ./examples/compare [-rows 1000000] [-pairs 7]
package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"a0permit/internal/a0tojsonl/sample"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "rows of the table of users")
	pairs := flag.Int("pairs", 7, "runs of each tool, in turn with a0tojsonl")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := compare(ctx, os.Stdout, *rows, *pairs)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare: error:", err)
		os.Exit(1)
	}
}

// comparison holds the command of another tool and the one of a0tojsonl to compare with
// it.
type comparison struct {
	what  string
	other []string
	ours  []string
	env   []string // of a0tojsonl
}

func compare(ctx context.Context, out io.Writer, rows, pairs int) error {
	dir, err := os.MkdirTemp("", "a0permit-compare-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the system clears its temporary directory
	plain, packed := filepath.Join(dir, "users.csv"), filepath.Join(dir, "users.csv.gz")
	binary := filepath.Join(dir, "a0tojsonl")
	if err := makeTable(plain, packed, rows); err != nil {
		return err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/a0tojsonl")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build a0tojsonl: %w", err)
	}

	ours := func(file string) []string { return []string{binary, "-q", "--attributes", "all", file} }
	duckdb := func(file string) []string {
		query := fmt.Sprintf("COPY (FROM read_csv('%s')) TO '/dev/null' (FORMAT json)", file)
		return []string{"duckdb", "-c", query}
	}
	gunzip := []string{"gzip", "-dc", packed}
	miller := []string{"mlr", "--icsv", "--ojsonl", "--gzin", "cat", packed}
	comparisons := []comparison{
		{"gzip: a0tojsonl / gzip -dc", gunzip, ours(packed), nil},
		{"gzip: a0tojsonl, GOMAXPROCS=1 / gzip -dc", gunzip, ours(packed), []string{"GOMAXPROCS=1"}},
		{"gzip: a0tojsonl / mlr --icsv --ojsonl cat", miller, ours(packed), nil},
		{"plain: a0tojsonl / duckdb COPY csv->json", duckdb(plain), ours(plain), nil},
		{"gzip: a0tojsonl / duckdb COPY csv->json", duckdb(packed), ours(packed), nil},
	}
	fmt.Fprintf(out, "%s/%s, %d processors, %s; %d rows, %d pairs of runs, medians\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), rows, pairs)
	for _, name := range []string{"gzip", "mlr", "duckdb"} {
		fmt.Fprintf(out, "%s: %s\n", name, version(ctx, name))
	}
	fmt.Fprintf(out, "\n| input, and wall / wall | a0tojsonl | the other | ratio |\n|---|---|---|---|\n")
	for _, c := range comparisons {
		if _, err := exec.LookPath(c.other[0]); err != nil {
			continue
		}
		if err := c.run(ctx, out, pairs); err != nil {
			return err
		}
	}
	return nil
}

// run prints one row of the table.
func (c comparison) run(ctx context.Context, out io.Writer, pairs int) error {
	var ours, others, ratios []time.Duration // ratios in millionths
	for i := range pairs + 1 {
		mine, err := measure(ctx, c.ours, c.env)
		if err != nil {
			return err
		}
		other, err := measure(ctx, c.other, nil)
		if err != nil {
			return err
		}
		if i == 0 { // to warm up
			continue
		}
		ours, others = append(ours, mine), append(others, other)
		ratios = append(ratios, mine*1e6/other)
	}
	_, err := fmt.Fprintf(out, "| %s | %.2f s | %.2f s | %.2f |\n",
		c.what, median(ours).Seconds(), median(others).Seconds(), float64(median(ratios))/1e6)
	return err
}

// measure runs a command with its output thrown away, and returns how long it
// takes.
func measure(ctx context.Context, args, env []string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	// Stdout stays nil, which is the null device: reading a pipe would cost us time.
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return time.Since(start), nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// version returns the first line that name --version prints.
func version(ctx context.Context, name string) string {
	text, err := exec.CommandContext(ctx, name, "--version").Output()
	if err != nil {
		return "not installed"
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return cmp.Or(strings.TrimSpace(line), "no version")
}

func makeTable(plain, packed string, rows int) error {
	p, err := os.Create(plain)
	if err != nil {
		return err
	}
	z, err := os.Create(packed)
	if err != nil {
		return errors.Join(err, p.Close())
	}
	buf, zip := bufio.NewWriter(p), gzip.NewWriter(z)
	_, err = io.Copy(io.MultiWriter(buf, zip), sample.New(rows))
	return errors.Join(err, buf.Flush(), p.Close(), zip.Close(), z.Close())
}
