"""What a time depends on, and exported networks called beside the same ones in torch."""
