"""When schools teach, are closed, or have work announced."""
