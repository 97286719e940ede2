package org.lethe.federated;

import java.util.List;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.federated.forget.Efficiency;
import org.lethe.federated.forget.ForgetClients;
import org.lethe.laws.AuditLaws;

class FederatedAuditLawsTest extends AuditLaws<Sites, Classifier> {
    @Override
    protected Subject<Sites, Classifier> subject() {
        return new Federated();
    }

    @Override
    protected Sites data() {
        return new PlantedSites().withContrary(0.7).load(new DataFolders(List.of()));
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
                "balance-sites {groups: [group], fairness: equalized-odds}",
                "forget-clients");
    }

    /** What forgetting costs is measured by bars that doing nothing, which costs nothing, has to meet. */
    @Override
    protected boolean mustReject(Audit<Sites, Classifier> audit, Request request) {
        return super.mustReject(audit, request)
                && !(request instanceof ForgetClients
                        && audit.aspect() != Aspect.EFFECT
                        && !(audit instanceof Efficiency));
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }
}
