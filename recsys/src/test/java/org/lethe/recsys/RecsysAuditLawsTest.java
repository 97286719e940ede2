package org.lethe.recsys;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.lethe.Audit;
import org.lethe.Case;
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

/** The audits of forgetting over many seeds, each with data of its own. */
class RecsysTrialsLawsTest extends RecsysAuditLawsTest {
    @Override
    protected int trials() {
        return 20;
    }

    @Override
    protected Split data(long seed) {
        return new Planted(400, 150, 30, seed).load(new DataFolders(List.of()));
    }

    @Override
    protected List<Request> requests() {
        return only(subject().requests(), "forget-users {percent: 10}");
    }

    @Override
    protected List<Audit<Split, Recommender>> audits() {
        Request request = requests().getFirst();
        return super.audits().stream()
                .filter(audit ->
                        audit.unsuited(request, subject().reference(request)).isEmpty())
                .toList();
    }

    @Override
    protected Map<String, Function<Case<Split, Recommender>, Recommender>> saboteurs(Request request) {
        return Map.of(
                "rows of zeros", c -> moved(c, (d, value) -> 0),
                "shifted rows", c -> moved(c, (d, value) -> value + (d % 2 == 0 ? 0.1F : -0.1F)));
    }

    private interface Move {
        float to(int dimension, float value);
    }

    /** The model before, with other rows for forgotten users. */
    private static Embeddings moved(Case<Split, Recommender> c, Move move) {
        Embeddings before = (Embeddings) c.before();
        float[] rows = before.userRows().clone();
        for (int u = 0; u < before.users(); u++) {
            if (c.data().train().degree(u) > 0 && c.remaining().train().degree(u) == 0) {
                for (int d = 0; d < before.dims(); d++) {
                    rows[u * before.dims() + d] = move.to(d, rows[u * before.dims() + d]);
                }
            }
        }
        return before.withUserRows(rows);
    }
}

/** As many as a promise of 95 in 100 needs. */
@Tag("slow")
class RecsysManyTrialsLawsTest extends RecsysTrialsLawsTest {
    @Override
    protected int trials() {
        return 200;
    }
}
