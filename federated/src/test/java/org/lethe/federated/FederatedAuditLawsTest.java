package org.lethe.federated;

import java.util.List;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;

class FederatedAuditLawsTest extends AuditLaws<Sites, Classifier> {
    @Override
    protected Subject<Sites, Classifier> subject() {
        return new Federated();
    }

    @Override
    protected Sites data() {
        return new PlantedSites().load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Sites, Classifier>> models() {
        return only(subject().models(), "logistic {local: {learningRate: 0.05}, federation: {rounds: 5}}");
    }

    @Override
    protected List<Request> requests() {
        return only(
                subject().requests(),
                "balance-sites {groups: [group]}",
                "balance-sites {groups: [group], fairness: equal-opportunity}",
                "balance-sites {groups: [group], fairness: equalized-odds}");
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }
}
