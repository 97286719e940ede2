package org.lethe.recsys.backbone;

import org.lethe.Check;
import org.lethe.Components;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Named;
import org.lethe.recsys.Checkpoint;
import org.lethe.recsys.EmbeddingLearner;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Split;

/**
 * Federated matrix factorisation: every user is a client who keeps its interactions and its own row, and a server averages what
 * clients make of the table of items (the setting of FRU, Yuan et al. 2023, with scores {@code p_u · q_i}).
 *
 * <p>In a round each client takes part with the probability {@code clients}. It takes {@code localEpochs} passes of gradient steps on
 * {@code −log σ(y·p_u·q_i)} over its items and over negatives, and sends the differences of the rows of items that it moved. The
 * server adds to each item the mean of what was sent for it. For {@code fru} it stores the share {@code stored} of the rows of each
 * client, the longest differences first, and the table of items after each round. (Were only that share sent, few negatives would
 * be: on made-up lists NDCG@20 is 0.13 in place of 0.21.)
 *
 * <p>Negatives are semi-hard: {@code hard · negatives} for each of the client's items, drawn without repeats from the {@code near}
 * share of all items with the largest products with the user's row, and the {@code near} share with the largest ones with the mean row
 * of the client's items. Whether a client takes part and what it draws depend on (seed, round, user key) alone.
 *
 * <p>The round with the best validation score counts. A round costs O(clients · (items · dims + localEpochs · items of a client · dims)).
 *
 * @param dims number of dimensions of an embedding
 * @param rounds largest number of rounds of one training
 * @param clients probability that a client takes part in a round
 * @param localEpochs passes of a client over its items and negatives in a round
 * @param learningRate of the gradient steps of clients
 * @param initialSd standard deviation of the initial embeddings
 * @param negatives of each item of a client, if all were drawn
 * @param hard share of them that is drawn
 * @param near share of all items that is near enough to be drawn
 * @param stored share of the rows a client moved that the server stores
 * @param patience stop after this many rounds without improvement of the validation score
 */
@Named("fed-mf")
public record FedMf(
        int dims,
        int rounds,
        double clients,
        int localEpochs,
        double learningRate,
        double initialSd,
        int negatives,
        double hard,
        double near,
        double stored,
        int patience)
        implements EmbeddingLearner {
    public FedMf {
        Check.require(dims >= 1, "dims", dims, "at least 1");
        Training.check(Math.max(1, rounds), 1, learningRate, initialSd, patience);
        Check.require(rounds >= 1, "rounds", rounds, "at least 1");
        share(clients, "clients");
        Check.require(localEpochs >= 1, "localEpochs", localEpochs, "at least 1");
        Check.require(negatives >= 1, "negatives", negatives, "at least 1");
        share(hard, "hard");
        share(near, "near");
        share(stored, "stored");
    }

    private static void share(double value, String key) {
        Check.require(value > 0 && value <= 1, key, value, "above 0 and at most 1");
    }

    /** 200 rounds of a tenth of the clients, half of the negatives drawn and half of the rows stored, as FRU has it. */
    public FedMf() {
        this(16, 200, 0.1, 10, 0.02, 0.1, 4, 0.5, 0.5, 0.5, 30);
    }

    public FedMf withRounds(int rounds) {
        return Components.with(this, "rounds", rounds);
    }

    public FedMf withLocalEpochs(int localEpochs) {
        return Components.with(this, "localEpochs", localEpochs);
    }

    public FedMf withStored(double stored) {
        return Components.with(this, "stored", stored);
    }

    @Override
    public int epochs() {
        return rounds;
    }

    @Override
    public FedMf withEpochs(int epochs) {
        return withRounds(epochs);
    }

    @Override
    public Loss loss() {
        return Loss.LOGISTIC;
    }

    @Override
    public Checkpoint start(Split data, Env env) {
        return new Checkpoint(initial(data, env), new float[0][], new float[0][], 0, 0);
    }

    /** The seeded initial tables. */
    public Embeddings initial(Split data, Env env) {
        return Training.initial(data.train(), env, dims, initialSd);
    }

    @Override
    public Checkpoint resume(Checkpoint from, Split data, Env env) {
        Training.Best<Federated> best = best(from.model(), from.epochs(), data, env);
        return new Checkpoint(
                best.state().tables(), new float[0][], new float[0][], from.steps() + best.epochs(), best.epochs());
    }

    /** Trains from the seeded initial state, and keeps what the server stored of each round up to the best one. */
    public Federated federated(Split data, Env env) {
        return best(initial(data, env), 0, data, env).state();
    }

    private Training.Best<Federated> best(Embeddings from, int done, Split data, Env env) {
        Training.requireInteractions("fed-mf", data);
        return Training.best(
                "fed-mf", new FederatedRounds(this, from, data.train(), env), data, env, done, rounds, patience);
    }

    @Override
    public Estimate estimate(Split data) {
        double passes = localEpochs * (1 + hard * negatives) * data.train().size() * (10e-9 + dims * 3e-9);
        double pools = (double) data.users() * data.items() * (dims * 2e-9 + 30e-9);
        double ranking = data.validation().size() == 0 ? 0 : (double) data.users() * data.items() * dims * 5e-11;
        double kept = clients
                * rounds
                * stored
                * (1 + hard * negatives)
                * data.train().size();
        return new Estimate(
                0.3 + rounds * (clients * (passes + pools) + ranking),
                (long) (kept * (4 + 4.0 * dims))
                        + 4L * (rounds + 4L) * data.items() * dims
                        + 16L * data.users() * dims);
    }
}
