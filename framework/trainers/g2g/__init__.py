"""The variants of G2G, one `Trainer` each: `naive`, `cyclefunit`, `funit`, `funit2funit`."""
