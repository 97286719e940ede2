package org.lethe.recsys.forget;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.Suited;
import org.lethe.recsys.backbone.FedMf;
import org.lethe.recsys.backbone.Federated;
import org.lethe.recsys.backbone.Federated.Round;
import org.lethe.recsys.backbone.Federated.Sent;
import org.lethe.recsys.backbone.FederatedRounds;
import org.lethe.recsys.forget.ForgetRequest.Forgotten;
import org.lethe.recsys.stream.ErasureStream;

/**
 * Takes clients out of a federated recommender by its history: back to the round in which the first of them took part, and
 * from there again with short local training (FRU; Yuan, Yin, Wu, Cui, Hung, Nguyen and Zhang 2023), for {@code fed-mf}.
 *
 * <p>Learning keeps a part of what clients sent in each round. What the first of these rounds adds is the mean of what is stored of the
 * others, whom no leaving client had touched by then. In each later round t the same clients but those who left train {@code share} of the local
 * epochs from the repaired tables, at least one. The round adds the direction of what they send, in the length of what they sent before:
 * {@code ‖mean ΔV_k^t‖ · mean ΔV̂_k^t / ‖mean ΔV̂_k^t‖}, over the whole table of items. As only a part of ΔV is stored, the length is that of
 * the whole round times {@code ‖mean stored ΔV of those who stay‖ / ‖mean stored ΔV of all‖}. Own rows of clients are what they train anew,
 * and that of a client who left is its first one.
 *
 * <p>Approximate: the lengths are of rounds in which the leaving clients took part, and directions after fewer passes are others.
 * The history itself tells which items each client moved. The model after a request has one without the clients who left, in which
 * every later round is replaced, so that later requests go on from it; the model before must be deleted with its history. The ledger
 * has the bytes of what is stored of clients, of the tables after each round, and of own rows, which are with the clients, as
 * {@code history-bytes}, {@code table-bytes} and {@code own-row-bytes}.
 *
 * <p>What is stored of a client is about {@code rounds · clients · stored · (1 + hard · negatives) · items of a client · (4 + 4 dims)} bytes.
 * A request costs {@code share} of the local training of the rounds that are replayed, with no validation; drawing negatives costs as before.
 *
 * @param share of the local epochs of training that a client takes in a replayed round
 */
@Named("fru")
@Taxonomy(Branch.FEDERATED)
public record Fru(double share) implements Forgetting {
    public Fru {
        Check.require(share > 0 && share <= 1, "share", share, "above 0 and at most 1");
    }

    /** A tenth of the local epochs. */
    public Fru() {
        this(0.1);
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Split, Recommender> learner) {
        return Forgetting.super.unsuited(request, learner).or(() -> LetheException.refusal(() -> clients(request)));
    }

    /** Refuses requests about less than all that some users did. */
    private void clients(Request request) {
        boolean part = request instanceof ForgetItems
                || request instanceof ForgetInteractions
                || request instanceof ErasureStream stream && stream.kind() == ErasureStream.Kind.SENSITIVE;
        if (part) {
            throw Suited.refused(
                    this,
                    "takes out clients who leave with all they did, as forget-users and streams of users or spam have"
                            + " it, not "
                            + (request instanceof ErasureStream ? "a stream of a category" : Named.Of.name(request)));
        }
    }

    @Override
    public void require(Learner<Split, Recommender> learner) {
        federated(learner);
    }

    private FedMf federated(Learner<Split, Recommender> learner) {
        if (learner instanceof FedMf federated) {
            return federated;
        }
        throw Suited.refused(this, "needs a model that clients train together, fed-mf, not " + Named.Of.name(learner));
    }

    @Override
    public Recommender learn(Learner<Split, Recommender> learner, Split data, Env env) {
        return noted(federated(learner).federated(data, env), env);
    }

    private static Federated noted(Federated model, Env env) {
        env.ledger().count("history-bytes", model.bytes());
        env.ledger().count("table-bytes", model.tableBytes());
        env.ledger().count("own-row-bytes", model.ownBytes());
        return model;
    }

    @Override
    public Recommender erase(
            Recommender model, Forgotten forgotten, Learner<Split, Recommender> learner, Split data, Env env) {
        FedMf federated = federated(learner);
        if (!(model instanceof Federated before)) {
            throw Suited.refused(
                    this, "needs the history of a federated training, which only a model that it learned has");
        }
        int[] left = forgotten.users();
        int[] touched = forgotten.touchedUsers();
        if (!Arrays.equals(left, touched)) {
            throw Suited.refused(this, "takes out clients who leave with all they did, and some lose only a part");
        }
        BitSet gone = new BitSet();
        Arrays.stream(left).forEach(gone::set);
        FederatedRounds course = new FederatedRounds(
                federated, before.first(), forgotten.remaining().train(), env);
        List<Round> rounds = before.rounds();
        int first = 0;
        while (first < rounds.size() && Arrays.stream(left).noneMatch(rounds.get(first)::has)) {
            course.add(rounds.get(first++));
        }
        int passes = Math.max(1, (int) Math.round(share * federated.localEpochs()));
        for (int t = first; t < rounds.size(); t++) {
            List<Sent> others = without(rounds.get(t), gone);
            double length = length(rounds.get(t), others, before);
            List<Sent> sent = t == first ? others : course.sent(t, users(others), passes);
            course.add(
                    sent,
                    stretched(
                            Federated.mean(sent, before.items(), before.tables().dims()), length));
        }
        env.ledger().count("rounds-replayed", rounds.size() - first);
        env.ledger().count("interactions-touched", course.passed());
        env.ledger().count("interactions-trained", course.passed());
        return noted(course.snapshot(rounds.size()), env);
    }

    private static List<Sent> without(Round round, BitSet gone) {
        return round.stored().stream().filter(sent -> !gone.get(sent.user())).toList();
    }

    private static int[] users(List<Sent> sent) {
        return sent.stream().mapToInt(Sent::user).toArray();
    }

    /** The length of what some of the clients of a round added. */
    private static double length(Round round, List<Sent> some, Federated model) {
        int dims = model.tables().dims();
        double all = Federated.length(Federated.mean(round.stored(), model.items(), dims));
        double part = Federated.length(Federated.mean(some, model.items(), dims));
        return all == 0 ? 0 : round.length() * part / all;
    }

    /** A change in its direction with another length; no change where it has none. */
    static double[] stretched(double[] change, double length) {
        double now = Federated.length(change);
        return Arrays.stream(change).map(x -> now == 0 ? 0 : x * (length / now)).toArray();
    }

    @Override
    public Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    @Override
    public Estimate estimate(Learner<Split, Recommender> learner, Split data) {
        return learner.estimate(data).times(2);
    }
}
