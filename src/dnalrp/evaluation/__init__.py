"""How good an explanation is: localisation, sparsity, complexity, similarity, faithfulness."""
