package org.lethe.federated.balance;

import static org.lethe.Check.require;

/**
 * What the histograms of a run give away of one record, in differential privacy.
 *
 * <p>One record changes one number of a round's histograms by 1. Normal noise of standard deviation σ on the sum makes a round
 * {@code ρ = 1/(2σ²)} zero-concentrated (Bun and Steinke 2016, proposition 1.6); rounds add up, and {@code ε = ρ + 2√(ρ ln(1/δ))}
 * (their proposition 1.3). Updates of weights are not covered.
 *
 * @param noise σ
 * @param rounds in which histograms are sent
 */
public record PrivacyCost(double noise, int rounds) {
    public PrivacyCost {
        require(noise > 0, "noise", noise, "above 0");
        require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** ρ of all rounds. */
    public double rho() {
        return rounds / (2 * noise * noise);
    }

    /** ε of all rounds at a δ. */
    public double epsilon(double delta) {
        require(delta > 0 && delta < 1, "delta", delta, "between 0 and 1");
        return rho() + 2 * Math.sqrt(rho() * Math.log(1 / delta));
    }
}
