package org.lethe.recsys;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.lethe.Audit;
import org.lethe.DataFolders;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.laws.AuditLaws;
import org.lethe.recsys.balance.Balance;
import org.lethe.recsys.balance.UserGroupFairness;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.forget.Fairness;
import org.lethe.recsys.forget.ForgetUsers;

class RecsysAuditLawsTest extends AuditLaws<Split, Recommender> {
    @Override
    protected Subject<Split, Recommender> subject() {
        return new Recsys();
    }

    @Override
    protected Split data() {
        return new Planted(400, 150, 30, 1).load(new DataFolders(List.of()));
    }

    /** Trained until it remembers what it was trained on, as there is something to forget only then. */
    @Override
    protected List<Learner<Split, Recommender>> models() {
        return only(subject().models(), "bpr {dims: 16, epochs: 30, batch: 256, learningRate: 0.01, patience: 30}");
    }

    @Override
    protected List<Request> requests() {
        return only(
                subject().requests(),
                "forget-users {percent: 10}",
                "stream {requests: 40, measure: [10]}",
                "hide {attribute: [group]}",
                "balance {activeShare: 0.2}");
    }

    @Override
    protected List<Audit<Split, Recommender>> audits() {
        return quick(
                subject().audits(),
                "fairness {share: 0.5}",
                "attribute-inference {attackers: [logistic], repeats: 1}",
                "list-inference {attackers: [logistic], repeats: 1}",
                "user-group-fairness {lists: full}");
    }

    @Override
    protected List<Long> seeds() {
        return List.of(1L);
    }

    /**
     * Where no user is forgotten, fairness has nobody whom a model should no longer serve: it limits what forgetting may cost. The
     * fairness of user groups must reject doing nothing after a request to balance, and judges no other.
     */
    @Override
    protected boolean mustReject(Audit<Split, Recommender> audit, Request request) {
        if (audit instanceof UserGroupFairness) {
            return Balance.in(request).isPresent();
        }
        return super.mustReject(audit, request) && !(audit instanceof Fairness && !(request instanceof ForgetUsers));
    }
}

/** Every request, and the verdicts of three seeds, as in a report. */
@Tag("slow")
class RecsysSeedsLawsTest extends RecsysAuditLawsTest {
    @Override
    protected List<Long> seeds() {
        return List.of(1L, 2L, 3L);
    }

    @Override
    protected List<Request> requests() {
        return quick(
                subject().requests(),
                "forget-users {percent: 10}",
                "forget-items {percent: 10}",
                "stream {requests: 40, measure: [10]}",
                "hide {attribute: [group]}");
    }
}
