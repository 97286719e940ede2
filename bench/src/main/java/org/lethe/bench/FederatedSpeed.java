package org.lethe.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Workers;
import org.lethe.federated.Adult;
import org.lethe.federated.Averaging;
import org.lethe.federated.Classifier;
import org.lethe.federated.Federation;
import org.lethe.federated.Local;
import org.lethe.federated.Mlp;
import org.lethe.federated.Partition;
import org.lethe.federated.Records;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.WassFfed;
import org.lethe.numerics.Keyed;

/**
 * Speed of a simulated federation: updates of clients with a perceptron of 9,985 weights and 50 records each, a round of 1,000 of 10,000
 * such clients, and WassFFed on Adult with 50 rounds of 30 steps. The first argument is the number of threads, the second the
 * folder of data; without it Adult is left out. With one thread, seconds are those that the thread ran, so that other programs do not
 * count.
 */
public final class FederatedSpeed {
    private static final int FEATURES = 154;
    private static final int HIDDEN = 64;
    private static final int VALUES = 14; // of a record, as in a one-hot encoded table
    private static final int RECORDS = 50;
    private static final int ROUNDS = 7;

    private static boolean alone;

    private FederatedSpeed() {}

    public static void main(String[] args) {
        int threads = args.length == 0 ? 1 : Integer.parseInt(args[0]);
        alone = threads == 1;
        try (Workers workers = threads == 1 ? Workers.here() : Workers.threads(threads)) {
            Env env = Env.seeded(1).with(workers);
            System.out.println(threads + " threads");
            updates(1, env);
            updates(30, env);
            if (args.length > 1) {
                DataFolders folders = new DataFolders(List.of(Path.of(args[1])));
                adult(5, folders, env);
                adult(100, folders, env);
            }
        }
    }

    private static long nanos() {
        return alone ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() : System.nanoTime();
    }

    /** The median over rounds of 1,000 of 10,000 clients, from the third on. */
    private static void updates(int steps, Env env) {
        Sites sites = sites(10_000);
        Mlp mlp = new Mlp(
                HIDDEN, 0.5, new Local(128, 0.001, 0.0001, Local.Memory.AUTO), new Federation(1, steps, 1, 0.1));
        Server server = Server.of(sites, mlp, env);
        float[] weights = Server.start(env, server.network());
        double[] seconds = new double[ROUNDS];
        for (int r = 0; r < ROUNDS; r++) {
            long from = nanos();
            weights = server.run(weights, r, 1, new Averaging());
            seconds[r] = (nanos() - from) / 1e9;
        }
        double[] warm = Arrays.copyOfRange(seconds, 2, ROUNDS);
        Arrays.sort(warm);
        double median = warm[warm.length / 2];
        Runtime runtime = Runtime.getRuntime();
        System.out.printf(
                Locale.ROOT,
                "%,d weights, %d records, %d steps: %,.0f client updates/s; a round of 1,000 of 10,000 clients %.2f s; %d MB used%n",
                server.network().parameters(),
                RECORDS,
                steps,
                1_000 / median,
                median,
                (runtime.totalMemory() - runtime.freeMemory()) >> 20);
    }

    private static Sites sites(int clients) {
        int n = clients * RECORDS;
        int[] starts = new int[n + 1];
        int[] columns = new int[n * VALUES];
        float[] values = new float[n * VALUES];
        byte[] labels = new byte[n];
        Keyed key = Keyed.seed(1);
        int width = FEATURES / VALUES;
        for (int i = 0; i < n; i++) {
            for (int v = 0; v < VALUES; v++) {
                columns[i * VALUES + v] = v * width + Keyed.below(key.of(i).at(v), width);
                values[i * VALUES + v] = 1;
            }
            labels[i] = (byte) (columns[i * VALUES] & 1);
            starts[i + 1] = (i + 1) * VALUES;
        }
        List<Sites.Client> all = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            all.add(new Sites.Client(
                    "client " + k,
                    IntStream.range(k * RECORDS, (k + 1) * RECORDS).toArray(),
                    new int[0]));
        }
        Records train = new Records(FEATURES, starts, columns, values, labels, List.of());
        Records test = new Records(FEATURES, new int[1], new int[0], new float[0], new byte[0], List.of());
        return new Sites(IntStream.range(0, FEATURES).mapToObj(f -> "f" + f).toList(), train, test, all);
    }

    private static void adult(int clients, DataFolders folders, Env env) {
        Sites sites =
                new Adult().withSites(new Partition().withClients(clients)).load(folders);
        Mlp mlp = new Mlp();
        long from = nanos();
        Classifier before = mlp.train(sites, env);
        double warmUp = (nanos() - from) / 1e9;
        new WassFfed().withRounds(29).fulfil(before, new BalanceSites(), mlp, sites, env);
        System.out.printf(
                Locale.ROOT,
                "WassFFed on Adult, %d clients, 21 + 29 rounds of 30 steps: %.1f s, of which %.1f s for the first 21%n",
                clients,
                (nanos() - from) / 1e9,
                warmUp);
    }
}
