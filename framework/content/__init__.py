"""The variants of content transfer, one `Trainer` each: `press`, `mask`, `fader`."""
