"""The variants of content transfer, a `System` and a `Trainer` each: `press`, `mask`, `fader`."""
