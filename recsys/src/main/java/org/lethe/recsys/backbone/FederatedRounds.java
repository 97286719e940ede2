package org.lethe.recsys.backbone;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lethe.Env;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.Interactions;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Federated.Round;
import org.lethe.recsys.backbone.Federated.Sent;

/** The rounds of a federated training: the state of the server and of all clients, and what a client does in a round. */
public final class FederatedRounds implements Training.Course<Federated> {
    private final FedMf settings;
    private final Interactions train;
    private final Env env;
    private final Keyed key;
    private final Embeddings first;
    private final int dims;
    private final int count; // items
    private final float[] items; // [items, dims]
    private final float[] users; // [users, dims], each with its client
    private final List<Round> rounds = new ArrayList<>();
    private long passed; // interactions that clients passed over
    private double loss; // of the last round, summed
    private long samples;

    /** Before the first round, from some tables, which stay as they are. */
    public FederatedRounds(FedMf settings, Embeddings first, Interactions train, Env env) {
        this.settings = settings;
        this.first = first;
        this.train = train;
        this.env = env;
        key = env.random("federated");
        dims = first.dims();
        count = first.items();
        users = first.userRows().clone();
        items = first.itemRows().clone();
    }

    @Override
    public double epoch(int number) {
        Keyed draw = key.of("clients").of(number);
        int[] chosen = IntStream.range(0, train.users())
                .filter(u -> train.degree(u) > 0 && Keyed.unit(draw.at(train.userKey(u))) < settings.clients())
                .toArray();
        List<Sent> sent = sent(number, chosen, settings.localEpochs());
        add(sent, Federated.mean(sent, count, dims));
        return samples == 0 ? 0 : loss / samples;
    }

    /** Takes over a round as it is. */
    public void add(Round round) {
        System.arraycopy(round.after(), 0, items, 0, items.length);
        own(round.stored());
        rounds.add(round);
    }

    /** Adds to the table of items, and stores a part of what clients sent. */
    public void add(List<Sent> sent, double[] change) {
        for (int n = 0; n < items.length; n++) {
            items[n] = (float) (items[n] + change[n]);
        }
        own(sent);
        rounds.add(new Round(
                Federated.length(change),
                sent.stream().map(of -> of.most(settings.stored())).toList(),
                items.clone()));
    }

    private void own(List<Sent> sent) {
        for (Sent of : sent) {
            System.arraycopy(of.own(), 0, users, of.user() * dims, dims);
        }
    }

    /** What some clients send in a round of this number, from the tables as they are. */
    public List<Sent> sent(int number, int[] chosen, int epochs) {
        Client[] clients = new Client[chosen.length];
        env.workers().each(chosen.length, n -> {
            Keyed draw = key.of(number).of(train.userKey(chosen[n]));
            clients[n] = new Client(chosen[n], draw);
            clients[n].train(epochs, draw);
        });
        loss = 0;
        samples = 0;
        for (Client client : clients) {
            loss += client.loss;
            samples += (long) client.local.length * epochs;
            passed += (long) train.degree(client.user) * epochs;
        }
        return Arrays.stream(clients).map(Client::sent).toList();
    }

    /** How many interactions clients passed over so far, those of other passes again. */
    public long passed() {
        return passed;
    }

    @Override
    public long trained(int epochs, Split data) {
        return passed;
    }

    @Override
    public Embeddings model() {
        return new Embeddings(dims, users.clone(), items.clone());
    }

    @Override
    public Federated snapshot(int epochs) {
        return new Federated(first, model(), rounds);
    }

    /** A client in a round: its own row, and copies of the rows of its items and negatives. */
    private final class Client {
        final int user;
        final int[] local; // items, ascending
        final double[] own;
        final double[] rows; // [local, dims]
        double loss; // summed over the first pass

        Client(int user, Keyed draw) {
            this.user = user;
            own = new double[dims];
            for (int d = 0; d < dims; d++) {
                own[d] = users[user * dims + d];
            }
            local = IntStream.concat(
                            Arrays.stream(negatives(draw)),
                            IntStream.range(train.from(user), train.to(user)).map(train::item))
                    .sorted()
                    .toArray();
            rows = new double[local.length * dims];
            for (int n = 0; n < local.length; n++) {
                for (int d = 0; d < dims; d++) {
                    rows[n * dims + d] = items[local[n] * dims + d];
                }
            }
        }

        /** Semi-hard negatives, without repeats. */
        private int[] negatives(Keyed draw) {
            int many = (int) Math.round(settings.hard() * settings.negatives() * train.degree(user));
            double[] mean = new double[dims];
            for (int k = train.from(user); k < train.to(user); k++) {
                for (int d = 0; d < dims; d++) {
                    mean[d] += items[train.item(k) * dims + d];
                }
            }
            boolean[] near = new boolean[count];
            mark(near, own);
            mark(near, mean);
            Keyed of = draw.of("negatives");
            long[] drawn = new long[count];
            int size = 0;
            for (int i = 0; i < count; i++) {
                if (near[i] && !train.contains(user, i)) {
                    drawn[size++] = of.at(i) & 0xFFFFFFFF00000000L | i;
                }
            }
            Arrays.sort(drawn, 0, size);
            return Arrays.stream(drawn, 0, Math.min(many, size))
                    .mapToInt(bits -> (int) bits)
                    .toArray();
        }

        /** Marks the items with the largest products with a row. */
        private void mark(boolean[] near, double[] row) {
            int many = (int) Math.ceil(settings.near() * count);
            if (many == count) {
                Arrays.fill(near, true);
                return;
            }
            double[] products = new double[count];
            for (int i = 0; i < count; i++) {
                for (int d = 0; d < dims; d++) {
                    products[i] += row[d] * items[i * dims + d];
                }
            }
            double[] sorted = products.clone();
            Arrays.sort(sorted);
            double least = sorted[count - many];
            for (int i = 0; i < count; i++) {
                near[i] |= products[i] >= least;
            }
        }

        /** Gradient steps, one a sample, in an order drawn anew for each pass. */
        void train(int epochs, Keyed draw) {
            double rate = settings.learningRate();
            boolean[] taken = new boolean[local.length];
            for (int n = 0; n < local.length; n++) {
                taken[n] = train.contains(user, local[n]);
            }
            long[] order = new long[local.length];
            for (int epoch = 0; epoch < epochs; epoch++) {
                Keyed of = draw.of("order").of(epoch);
                for (int n = 0; n < order.length; n++) {
                    order[n] = of.at(local[n]) & 0xFFFFFFFF00000000L | n;
                }
                Arrays.sort(order);
                for (long bits : order) {
                    step((int) bits, taken[(int) bits], rate);
                }
            }
        }

        private void step(int n, boolean taken, double rate) {
            double score = 0;
            for (int d = 0; d < dims; d++) {
                score += own[d] * rows[n * dims + d];
            }
            double wrong = taken ? -1 / (1 + StrictMath.exp(score)) : 1 / (1 + StrictMath.exp(-score)); // σ(s) − y
            loss += -StrictMath.log1p(-Math.abs(wrong));
            for (int d = 0; d < dims; d++) {
                double p = own[d];
                own[d] -= rate * wrong * rows[n * dims + d];
                rows[n * dims + d] -= rate * wrong * p;
            }
        }

        /** The differences of all rows. */
        Sent sent() {
            float[] differences = new float[rows.length];
            for (int n = 0; n < rows.length; n++) {
                differences[n] = (float) (rows[n] - items[local[n / dims] * dims + n % dims]);
            }
            float[] after = new float[dims];
            for (int d = 0; d < dims; d++) {
                after[d] = (float) own[d];
            }
            return new Sent(user, local, differences, after);
        }
    }
}
