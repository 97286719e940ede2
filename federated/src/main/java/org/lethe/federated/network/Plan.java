package org.lethe.federated.network;

import static org.lethe.Check.require;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import org.lethe.Method;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Network;
import org.lethe.federated.SiteTable;
import org.lethe.federated.Sites;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.FedAvg;
import org.lethe.federated.balance.WassFfed;

/**
 * What a federation is to do.
 *
 * @param learner model with local steps and rounds of plain averaging
 * @param method that goes on from there: fed-avg, or wassffed by histograms
 * @param fairness what is to be equal between groups
 * @param smallest fewest training rows of a group over all sites
 * @param layout what is asked of the table of each site
 * @param sites how many take part
 * @param rules of rounds
 */
record Plan(
        FederatedLearner learner,
        Method<Sites, Classifier> method,
        BalanceSites.Fairness fairness,
        int smallest,
        SiteTable.Layout layout,
        int sites,
        Rules rules) {
    /**
     * When rounds close.
     *
     * @param quorum share of the sites whose replies close a round
     * @param fewest sites whose replies a round needs
     * @param deadlineMillis after which a round closes with the replies that are there
     * @param gatherMillis in which the sites must come, before the first round
     * @param beatMillis between heartbeats; a site that misses two is not waited for
     */
    record Rules(double quorum, int fewest, long deadlineMillis, long gatherMillis, long beatMillis) {
        static final int PATIENCE = 3; // deadlines that may pass without enough replies

        Rules {
            require(quorum > 0 && quorum <= 1, "quorum", quorum, "above 0, at most 1");
            require(fewest >= 1, "fewest", fewest, "at least 1");
            require(deadlineMillis >= 1, "deadlineMillis", deadlineMillis, "at least 1");
            require(gatherMillis >= 1, "gatherMillis", gatherMillis, "at least 1");
            require(beatMillis >= 1, "beatMillis", beatMillis, "at least 1");
        }
    }

    Plan {
        require(sites >= rules.fewest, "sites", sites, "at least fewest, " + rules.fewest);
        require(
                learner.federation().participation() == 1,
                "participation",
                learner.federation().participation(),
                "1; a round of real sites closes by quorum or deadline");
        require(smallest >= 1, "smallest", smallest, "at least 1");
        switch (method) {
            case FedAvg _ -> {}
            case WassFfed w -> {
                require(
                        w.protocol() == WassFfed.Protocol.HISTOGRAM,
                        "protocol",
                        "scores",
                        "histogram; scores of people stay at their site");
                require(w.noise() == 0, "noise", w.noise(), "0; noise is for simulations so far");
                require(!w.secure(), "secure", true, "false; masks are for simulations so far");
                require(!w.atInference(), "atInference", true, "false; predictions are moved in studies only");
                require(
                        w.beta() == 1 || !layout.sensitive().isEmpty(),
                        "sensitive",
                        "[]",
                        "columns of groups, which wassffed balances");
            }
            default -> throw new IllegalArgumentException("method is " + method + ", expected fed-avg or wassffed");
        }
    }

    /** The transport rounds, where there are any. */
    Optional<WassFfed> fair() {
        return method instanceof WassFfed w && w.beta() < 1 ? Optional.of(w) : Optional.empty();
    }

    int warmUp() {
        return learner.federation().rounds();
    }

    int rounds() {
        return warmUp()
                + switch (method) {
                    case FedAvg f -> f.rounds();
                    case WassFfed w -> w.rounds();
                    default -> 0;
                };
    }

    Message.Terms terms() {
        Network shape = learner.network(1);
        WassFfed settings = fair().orElseGet(WassFfed::new);
        return new Message.Terms(
                layout,
                shape.hidden(),
                shape.dropout(),
                learner.local(),
                learner.local().keeps(sites),
                learner.federation().steps(),
                settings.pull(),
                settings.beta(),
                fairness,
                settings.bins());
    }

    /** All that the weights depend on, beside the data. */
    String digest(long seed) {
        byte[] words = (learner + "\n" + method + "\n" + fairness + "\n" + smallest + "\n" + layout + "\n" + sites
                        + "\n" + seed)
                .getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(Wire.sha256(words));
    }
}
