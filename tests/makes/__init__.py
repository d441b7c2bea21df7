"""What is read from devices of each make, compared with recordings of real ones."""
