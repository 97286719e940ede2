package org.lethe.federated.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Method;
import org.lethe.federated.Classifier;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.Federation;
import org.lethe.federated.Local;
import org.lethe.federated.LogisticRegression;
import org.lethe.federated.Mlp;
import org.lethe.federated.PlantedSites;
import org.lethe.federated.Records;
import org.lethe.federated.SiteTable;
import org.lethe.federated.Sites;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.WassFfed;

/** Planted data as files of real sites, and the simulation that a federation of them must equal. */
final class Real {
    static final SiteTable.Layout LAYOUT =
            new SiteTable.Layout("label", "1", List.of("group"), List.of(), false, 0.3, 1, 5);

    private Real() {}

    static FederatedLearner learner(int rounds) {
        return new Mlp(8, 0.5, new Local(32, 0.01, 0.0001, Local.Memory.AUTO), new Federation(rounds, 5, 0.95, 1));
    }

    static FederatedLearner plain(int rounds) {
        return new LogisticRegression(new Local(32, 0.05, 0, Local.Memory.RESET), new Federation(rounds, 5, 0.95, 1));
    }

    static Plan plan(int sites, FederatedLearner learner, Method<Sites, Classifier> method, Plan.Rules rules) {
        return new Plan(learner, method, BalanceSites.Fairness.DEMOGRAPHIC_PARITY, 10, LAYOUT, sites, rules);
    }

    static WassFfed fair(int rounds) {
        return new WassFfed().withRounds(rounds);
    }

    /** The name of a client; names in order are numbers in order. */
    static String name(int client) {
        return String.format(Locale.ROOT, "site-%02d", client + 1);
    }

    /** A file for each client. */
    static List<Path> files(Path folder, int sites, int rows) throws IOException {
        Sites planted = new PlantedSites(sites, rows, 4, 1.5, 0.9, 7).load(new DataFolders(List.of()));
        Records all = planted.train();
        List<Path> files = new ArrayList<>();
        for (int k = 0; k < sites; k++) {
            StringBuilder text = new StringBuilder("x1,x2,x3,x4,colour,group,label\n");
            for (int r : planted.clients().get(k).train()) {
                for (int f = 0; f < 4; f++) {
                    text.append(String.format(Locale.ROOT, "%.4f,", all.values()[4 * r + f]));
                }
                text.append(r % 3 == 0 ? "red," : "blue,")
                        .append(all.attributes().getFirst().of()[r] == 0 ? "a," : "b,")
                        .append(all.labels()[r])
                        .append('\n');
            }
            Path file = folder.resolve(name(k) + ".csv");
            Files.writeString(file, text);
            files.add(file);
        }
        return files;
    }

    /** The weights of the simulation with the same seeds. */
    static float[] simulated(
            List<Path> files, FederatedLearner learner, Method<Sites, Classifier> method, int smallest, Env env) {
        return simulated(files, LAYOUT, learner, method, smallest, env);
    }

    static float[] simulated(
            List<Path> files,
            SiteTable.Layout layout,
            FederatedLearner learner,
            Method<Sites, Classifier> method,
            int smallest,
            Env env) {
        List<SiteTable> tables =
                files.stream().map(f -> SiteTable.read(f, layout, "", "")).toList();
        SiteTable.Agreement agreement =
                SiteTable.agree(layout, tables.stream().map(SiteTable::profile).toList(), smallest);
        List<Records> train =
                tables.stream().map(t -> t.train(agreement).records()).toList();
        List<Records> test =
                tables.stream().map(t -> t.test(agreement).records()).toList();
        List<Sites.Client> clients = new ArrayList<>();
        int at = 0;
        int tested = 0;
        for (int k = 0; k < files.size(); k++) {
            clients.add(new Sites.Client(
                    name(k),
                    IntStream.range(at, at + train.get(k).size()).toArray(),
                    IntStream.range(tested, tested + test.get(k).size()).toArray()));
            at += train.get(k).size();
            tested += test.get(k).size();
        }
        List<String> names =
                IntStream.range(0, agreement.features()).mapToObj(f -> "f" + f).toList();
        Sites all = new Sites(names, together(train), together(test), clients);
        BalanceSites request = new BalanceSites(List.of("group"), BalanceSites.Fairness.DEMOGRAPHIC_PARITY, smallest);
        return method.fulfil(learner.train(all, env), request, learner, all, env)
                .weights();
    }

    private static Records together(List<Records> parts) {
        int n = parts.stream().mapToInt(Records::size).sum();
        int values = parts.stream().mapToInt(p -> p.values().length).sum();
        int[] starts = new int[n + 1];
        int[] columns = new int[values];
        float[] all = new float[values];
        byte[] labels = new byte[n];
        int[] groups = new int[n];
        int r = 0;
        int e = 0;
        for (Records part : parts) {
            Records.Attribute group = part.attribute("group");
            for (int i = 0; i < part.size(); i++) {
                labels[r] = part.labels()[i];
                groups[r] = group.of()[i] < 0
                        ? -1
                        : List.of("a", "b").indexOf(group.labels().get(group.of()[i]));
                starts[++r] = e + part.starts()[i + 1];
            }
            System.arraycopy(part.columns(), 0, columns, e, part.values().length);
            System.arraycopy(part.values(), 0, all, e, part.values().length);
            e += part.values().length;
        }
        return new Records(
                parts.getFirst().features(),
                starts,
                columns,
                all,
                labels,
                List.of(new Records.Attribute("group", List.of("a", "b"), groups)));
    }
}
