"""How good an explanation is: localisation, concentration, similarity, faithfulness, robustness."""
