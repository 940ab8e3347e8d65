"""What a trained system is measured by, and the sheets that show it."""
