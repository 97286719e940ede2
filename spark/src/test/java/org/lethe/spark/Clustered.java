package org.lethe.spark;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Ledger;
import org.lethe.Progress;
import org.lethe.Workers;
import org.lethe.federated.Averaging;
import org.lethe.federated.Federation;
import org.lethe.federated.Local;
import org.lethe.federated.Mlp;
import org.lethe.federated.PlantedSites;
import org.lethe.federated.Server;
import org.lethe.federated.Sites;
import org.lethe.study.Engine;
import org.lethe.study.RunFolder;
import org.lethe.study.Studies;
import org.lethe.study.Study;

/** Work whose results are compared, in this process or in one that hands it out to a cluster; public for spark-submit. */
public final class Clustered {
    static final String STUDY = """
        study: small
        subject: recsys
        data: [{planted: {users: 100, items: 80}}]
        model: [{bpr: {epochs: 3}}]
        request: [{forget-users: {choose: random, percent: 5}}]
        method: [retrain, {sisa: {shards: 3}}]
        audit: [utility, completeness]
        seeds: [1, 2]
        """;

    private static final int ROUNDS = 3;

    private Clustered() {}

    /** The records of the study with these seeds, less times. */
    static List<String> study(Workers workers, String seeds, Path folder, Progress progress) {
        Study<?, ?> study = Study.parse("small.yaml", STUDY.replace("[1, 2]", seeds), Studies.subjects());
        return new Engine(workers, progress, new DataFolders(List.of()))
                .run(study, RunFolder.at(folder), false).stream()
                        .map(RunFolder::comparable)
                        .map(record -> record.replaceAll("\\s*\n\\s*", " "))
                        .toList();
    }

    /**
     * The weights after rounds of averaging, as bits: 10,000 clients of 3 records, a tenth of them in each round, and 6,465 weights.
     * The time of a round is printed.
     */
    static List<String> rounds(Workers workers, PrintStream out) {
        Sites sites = new PlantedSites(10_000, 3, 100, 1.5, 0.9, 1).load(new DataFolders(List.of()));
        Mlp learner = new Mlp()
                .withFederation(new Federation(1, 30, 0.95, 0.1))
                .withLocal(new Local(128, 0.001, 0.0001, Local.Memory.AUTO));
        Env env = new Env(
                1, workers, Progress.NONE, new Ledger(), Path.of(System.getProperty("java.io.tmpdir")), Device.CPU);
        Server server = Server.of(sites, learner, env);
        float[] weights = server.network().start(env.random("start"));
        weights = server.run(weights, 0, 1, new Averaging());
        long start = System.nanoTime();
        weights = server.run(weights, 1, ROUNDS, new Averaging());
        out.printf(Locale.ROOT, "seconds %.3f%n", (System.nanoTime() - start) / 1e9 / ROUNDS);
        List<String> bits = new ArrayList<>();
        for (float weight : weights) {
            bits.add(Float.toHexString(weight));
        }
        return bits;
    }

    /** Says on standard output what arrived. */
    private static final class Told implements Progress, Progress.Step {
        @Override
        public Progress.Step begin(String what, long total) {
            return this;
        }

        @Override
        public void advance(long amount) {
            if (amount > 0) {
                System.out.println("arrived " + amount);
            }
        }

        @Override
        public void note(String message) {}

        @Override
        public void close() {}
    }

    /** {@code ADDRESS SEEDS RESULTS}, and {@code rounds} where these are wanted too. */
    public static void main(String[] args) throws IOException {
        Path results = Path.of(args[2]);
        List<String> found;
        try (Workers workers = Workers.of(args[0])) {
            System.out.println("workers " + workers.count());
            found = new ArrayList<>(
                    study(workers, args[1], results.resolveSibling("run-" + results.getFileName()), new Told()));
            if (Arrays.asList(args).contains("rounds")) {
                found.addAll(rounds(workers, System.out));
            }
        }
        Files.writeString(results, found.stream().collect(Collectors.joining("\n")), StandardCharsets.UTF_8);
        long peak = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed())
                .sum();
        System.out.println("heap " + (peak >> 20));
    }
}
