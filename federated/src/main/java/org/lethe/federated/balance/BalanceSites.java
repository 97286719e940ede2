package org.lethe.federated.balance;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.lethe.Chain;
import org.lethe.Check;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.federated.Grouping;
import org.lethe.federated.Sites;

/**
 * A request that groups of people be served equally well by a classifier that clients have learned together.
 *
 * @param groups attributes of people; several make groups of their intersections
 * @param fairness demographic-parity, equal-opportunity or equalized-odds
 * @param smallest fewest training records of a group; smaller ones are put together
 */
@Named("balance-sites")
public record BalanceSites(List<String> groups, Fairness fairness, int smallest) implements Request {
    /** What is to be equal between groups. */
    public enum Fairness {
        /** The distribution of scores. */
        DEMOGRAPHIC_PARITY,
        /** The distribution of scores of people with label 1. */
        EQUAL_OPPORTUNITY,
        /** The distributions of scores of people with label 1 and of those with label 0. */
        EQUALIZED_ODDS;

        /** How many distributions of a group are to be equal to those of others. */
        public int strata() {
            return this == EQUALIZED_ODDS ? 2 : 1;
        }

        /** The stratum of a label, or −1 where nothing is to be equal. */
        public int stratum(int label) {
            return switch (this) {
                case DEMOGRAPHIC_PARITY -> 0;
                case EQUAL_OPPORTUNITY -> label - 1;
                case EQUALIZED_ODDS -> label;
            };
        }
    }

    public BalanceSites {
        groups = List.copyOf(groups);
        Check.require(!groups.isEmpty(), "groups", "empty", "at least one attribute");
        Check.require(new HashSet<>(groups).size() == groups.size(), "groups", groups, "different attributes");
        Check.require(smallest >= 1, "smallest", smallest, "at least 1");
    }

    /** Demographic parity between the sexes. */
    public BalanceSites() {
        this(List.of("sex"), Fairness.DEMOGRAPHIC_PARITY, 50);
    }

    /** Demographic parity between groups by these attributes. */
    public static BalanceSites by(String... groups) {
        return new BalanceSites(List.of(groups), Fairness.DEMOGRAPHIC_PARITY, 50);
    }

    /** The same groups with another notion of fairness. */
    public BalanceSites withFairness(Fairness fairness) {
        return new BalanceSites(groups, fairness, smallest);
    }

    /** The last step of a request that balances groups. */
    public static Optional<BalanceSites> in(Request request) {
        return Chain.steps(request).reversed().stream()
                .filter(BalanceSites.class::isInstance)
                .map(BalanceSites.class::cast)
                .findFirst();
    }

    /** The groups in these data. */
    public Grouping grouping(Sites data) {
        return Grouping.of(data.train(), groups, smallest);
    }
}
