"""Operations of responses, conversations and containers."""
