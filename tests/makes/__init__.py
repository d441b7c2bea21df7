"""What is read of the makes' devices, held against recordings of real ones."""
