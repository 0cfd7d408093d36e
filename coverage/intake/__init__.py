"""What partners send: read in a confined process, columns mapped, every row checked, the whole graded."""
