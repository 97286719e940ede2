package org.lethe.federated.forget;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
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
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Sites;
import org.lethe.numerics.Keyed;

/**
 * Forgets clients by retraining only the shards that they were in (SISA, Bourtoule and others 2021, section 4, with clients in place
 * of records).
 *
 * <p>Keyed random numbers deal the clients into shards, by the seed and the names of the clients, never by their records. Each shard is a
 * federation of its own, with all rounds of the learner. The score of a person is the mean of the shards' scores, weighted by their
 * training records. A client that leaves leaves an empty place, and its name leaves the model too; no other client moves.
 *
 * <p>Exact: whatever records a client that left had held, the model has the same bits. The shards that it was not in are those of the
 * model before. One client of K costs the others of its shard a training: a share of about (K/S − 1)/(K − 1) of the work of retraining with
 * S shards. What it costs is accuracy, as a shard learns from fewer clients, and fairness between clients, as a shard may
 * lack a kind of client.
 *
 * @param shards number of shards, at most the number of clients
 */
@Named("sisa")
@Taxonomy({Branch.PARTITION, Branch.FEDERATED})
public record Sisa(int shards) implements Forgetting {
    public Sisa {
        Check.require(shards >= 1, "shards", shards, "at least 1");
    }

    /** Two shards. */
    public Sisa() {
        this(2);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<Sites, Classifier> learner) {
        return LetheException.refusal(() -> {
            Forgetting.request(this, request);
            if (!(learner instanceof FederatedLearner)) {
                throw refused("needs a model that clients train together");
            }
        });
    }

    @Override
    public boolean learnsPlainly() {
        return false;
    }

    @Override
    public Classifier learn(Learner<Sites, Classifier> learner, Sites data, Env env) {
        List<Sites.Client> clients = data.clients();
        if (shards > clients.size()) {
            throw refused("has " + shards + " shards, expected at most " + clients.size() + ", the number of clients");
        }
        Keyed key = env.random("sisa-shards");
        List<Integer> order = IntStream.range(0, clients.size())
                .boxed()
                .sorted(Comparator.comparingLong(
                        k -> key.of(clients.get(k).name()).key()))
                .toList();
        List<List<Integer>> dealt = new ArrayList<>();
        for (int s = 0; s < shards; s++) {
            int shard = s;
            dealt.add(IntStream.range(0, order.size())
                    .filter(rank -> rank % shards == shard)
                    .mapToObj(order::get)
                    .sorted()
                    .toList());
        }
        return made(
                learner,
                data,
                dealt.stream()
                        .map(shard -> trained(shard.stream().map(clients::get).toList(), learner, data, env))
                        .toList());
    }

    @Override
    public Classifier fulfil(
            Classifier model, Request request, Learner<Sites, Classifier> learner, Sites data, Env env) {
        if (model.shards().size() != shards) {
            throw refused("goes on from the " + shards + " shards that it learned, and the model before has "
                    + model.shards().size());
        }
        ForgetClients.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        if (forgotten.nothing()) {
            return model;
        }
        Set<String> gone = forgotten.names();
        List<Classifier.Shard> after = new ArrayList<>();
        for (Classifier.Shard shard : model.shards()) {
            List<String> left = shard.clients().stream()
                    .filter(name -> !gone.contains(name))
                    .toList();
            if (left.size() == shard.clients().size()) {
                after.add(shard);
                continue;
            }
            env.ledger().count("shards-touched", 1);
            List<Sites.Client> members = data.clients().stream()
                    .filter(client -> left.contains(client.name()))
                    .toList();
            after.add(trained(members, learner, data, env));
        }
        return made(learner, data, after);
    }

    /** A federation of some clients alone; nothing where all have left. */
    private static Classifier.Shard trained(
            List<Sites.Client> members, Learner<Sites, Classifier> learner, Sites data, Env env) {
        if (members.isEmpty()) {
            return new Classifier.Shard(List.of(), 0, new float[0]);
        }
        Sites part = data.of(members);
        Classifier trained = env.ledger().timed("shard", () -> learner.train(part, env));
        return new Classifier.Shard(
                members.stream().map(Sites.Client::name).toList(), part.trainSize(), trained.weights());
    }

    private Classifier made(Learner<Sites, Classifier> learner, Sites data, List<Classifier.Shard> shards) {
        if (learner instanceof FederatedLearner federated) {
            return Classifier.of(federated.network(data.features().size()), shards);
        }
        throw refused("needs a model that clients train together");
    }

    private LetheException refused(String why) {
        return new LetheException(LetheException.Code.STUDY, Named.Of.name(this) + " " + why);
    }

    @Override
    public Exactness exactness() {
        return Exactness.EXACT;
    }

    @Override
    public Estimate estimate(Learner<Sites, Classifier> learner, Sites data) {
        return learner.estimate(data).times(1 + 1.0 / shards);
    }
}
