package org.lethe.recsys.forget;

import java.util.List;
import org.lethe.Audit;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;
import org.lethe.laws.MethodLaws;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Recsys;
import org.lethe.recsys.Split;
import org.lethe.recsys.data.Planted;

/**
 * Audits of the effect on a federated model: they reject doing nothing and accept a training without the clients. One attack of {@code
 * completeness}, mio-auc, refuses a retraining of another seed on these data, so it proves nothing here.
 */
class FederatedAuditLawsTest extends AuditLaws<Split, Recommender> {
    @Override
    protected Subject<Split, Recommender> subject() {
        return new Recsys();
    }

    @Override
    protected Split data() {
        return new Planted(400, 200, 30, 1).withValidation(0).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Split, Recommender>> models() {
        return only(subject().models(), "fed-mf {rounds: 100}");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "forget-users {percent: 5}");
    }

    @Override
    protected List<Audit<Split, Recommender>> audits() {
        return only(subject().audits(), "erased-rows", "efficiency");
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }
}

/** FRU with requests of one kind and the other, and the bits of every thread and process. */
class FederatedMethodLawsTest extends MethodLaws<Split, Recommender> {
    @Override
    protected Subject<Split, Recommender> subject() {
        return new Recsys();
    }

    @Override
    protected Split data() {
        return new Planted(60, 40, 10, 1).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Learner<Split, Recommender>> models() {
        return only(subject().models(), "fed-mf {dims: 4, rounds: 6, clients: 0.4, localEpochs: 3}");
    }

    @Override
    protected List<Method<Split, Recommender>> methods() {
        return only(subject().methods(), "retrain", "fru", "fru {share: 1}");
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "forget-users", "stream {requests: 3, measure: [1]}");
    }

    @Override
    protected List<Request> nothing() {
        return only(subject().requests(), "forget-users {percent: 0}", "stream {requests: 0}");
    }
}
