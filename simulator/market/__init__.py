"""The pure core: types and rules of the two platforms, without storage, network or clock."""
