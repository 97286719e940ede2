package org.lethe.federated.balance;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.federated.Algorithm;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Federation;
import org.lethe.federated.Grouping;
import org.lethe.federated.Loss;
import org.lethe.federated.Server;

/**
 * q-FFL, as q-FedAvg (Li and others 2020, algorithm 2): clients with a larger loss F weigh more, {@code F^q}.
 *
 * <p>{@code θ ← θ − Σ F_k^q Δw_k / Σ (q F_k^(q−1) ‖Δw_k‖² + L F_k^q)} with {@code Δw_k = L(θ − θ_k)} and {@code L = 1/learning
 * rate}. It makes clients alike and knows no groups of people. With q = 0 it is plain averaging of clients with equal weights.
 *
 * @param q how much a loss counts; 0 does not at all
 * @param rounds added to those of the model before
 */
@Named("q-ffl")
public record QFfl(double q, int rounds) implements Balancing {
    public QFfl {
        Check.require(q >= 0 && q <= 100, "q", q, "0 to 100");
        Check.require(rounds >= 0, "rounds", rounds, "at least 0");
    }

    /** q = 1, 29 rounds. */
    public QFfl() {
        this(1, 29);
    }

    @Override
    public Algorithm algorithm(BalanceSites request, Grouping grouping, FederatedLearner learner, Env env) {
        return new ByLoss(new Weighed(q, 1 / learner.local().learningRate()));
    }

    private record ByLoss(Weighed weighed) implements Algorithm {
        @Override
        public Loss.Maker loss(Server.Round round) {
            return weighed;
        }

        /** The divisor says how far to go. */
        @Override
        public double mixing(Federation federation) {
            return 1;
        }
    }

    /** Plain training whose update weighs F^q·L; {@code inverse} is L. */
    private record Weighed(double q, double inverse) implements Loss.Maker {
        @Override
        public Loss at(Loss.Place place) {
            return new Loss.CrossEntropy().at(place);
        }

        @Override
        public double share(Loss.Place place) {
            return q == 0 ? inverse : StrictMath.pow(place.meanLoss() + 1e-10, q) * inverse;
        }

        @Override
        public double divisor(Loss.Place place, double share, double squaredNorm) {
            if (q == 0) {
                return share;
            }
            double power = share / inverse;
            double loss = StrictMath.pow(power, 1 / q);
            return q * power / loss * inverse * inverse * squaredNorm + share;
        }
    }
}
