package org.lethe.federated.balance;

import java.util.List;
import org.lethe.Case;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.federated.Classifier;
import org.lethe.federated.Federation;
import org.lethe.federated.GroupRates;
import org.lethe.federated.Grouping;
import org.lethe.federated.Local;
import org.lethe.federated.LogisticRegression;
import org.lethe.federated.PlantedSites;
import org.lethe.federated.Sites;

/** Planted data with a plain model, which many tests begin with. */
final class Planted {
    static final Sites DATA = new PlantedSites().load(new DataFolders(List.of()));
    static final LogisticRegression LEARNER = new LogisticRegression()
            .withLocal(new Local(64, 0.02, 0, Local.Memory.AUTO))
            .withFederation(new Federation(6, 10, 1, 1));
    static final BalanceSites REQUEST = BalanceSites.by(PlantedSites.GROUP);
    static final Classifier BEFORE = LEARNER.train(DATA, Env.seeded(1));

    private Planted() {}

    static Classifier fulfilled(Method<Sites, Classifier> method) {
        return method.fulfil(BEFORE, REQUEST, LEARNER, DATA, Env.seeded(1));
    }

    static GroupRates rates(Classifier model) {
        Grouping grouping = REQUEST.grouping(DATA);
        return GroupRates.of(
                grouping.count(), grouping.of(DATA.test()), DATA.test().labels(), model.scores(DATA.test()));
    }

    static double gap(Classifier model) {
        return rates(model)
                .value(GroupRates.Metric.DEMOGRAPHIC_PARITY_DIFFERENCE)
                .orElseThrow();
    }

    static double accuracy(Classifier model) {
        return rates(model).accuracy().orElseThrow();
    }

    static Finding finding(List<Finding> findings, String name) {
        return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
    }

    static Case<Sites, Classifier> of(Classifier after) {
        return new Case<>(DATA, REQUEST, BEFORE, after, BEFORE);
    }
}
