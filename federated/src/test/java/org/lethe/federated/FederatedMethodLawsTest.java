package org.lethe.federated;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.MethodLaws;

class FederatedMethodLawsTest extends MethodLaws<Sites, Classifier> {
    @Override
    protected Subject<Sites, Classifier> subject() {
        return new Federated();
    }

    @Override
    protected Sites data() {
        return new PlantedSites(12, 30, 4, 1.5, 1, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Sites, Classifier>> models() {
        return quick(subject().models(), FederatedLawsTest.QUICK);
    }

    @Override
    protected List<Request> requests() {
        return only(
                subject().requests(),
                "balance-sites {groups: [group]}",
                "balance-sites {groups: [group], fairness: equal-opportunity}",
                "balance-sites {groups: [group], fairness: equalized-odds}",
                "forget-clients {count: 2}");
    }

    @Override
    protected List<Request> nothing() {
        return only(subject().requests(), "forget-clients {count: 0}");
    }

    @Override
    protected List<Method<Sites, Classifier>> methods() {
        return quick(
                subject().methods(),
                "fed-avg {rounds: 3}",
                "wassffed {rounds: 3, beta: 0.3}",
                "afl {rounds: 3}",
                "q-ffl {rounds: 3}",
                "fairfed {rounds: 3}",
                "fedfb {rounds: 3}",
                "fedgft {rounds: 3}",
                "local-wb {rounds: 3}",
                "local-fb {rounds: 3}",
                "fine-tune {rounds: 2}");
    }
}
