"""The core: collect, match, decide, act, report. Knows the world through `ports` only."""
