"""Files that come from elsewhere, weights and downloads, and archives that leave."""
