"""Long runs whose dated results are committed."""
