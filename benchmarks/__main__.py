"""All benchmarks that need nothing but the registry, one after the other; exits with 1 where a bound is missed."""

import sys

from benchmarks import commands, compiled, conda, dry_run, load, publish

sys.exit(max(benchmark.main() for benchmark in (commands, dry_run, compiled, conda, publish, load)))
