package org.lethe.federated;

import static org.lethe.Check.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.DataSource;
import org.lethe.Named;
import org.lethe.numerics.Keyed;

/**
 * Synthetic records of two groups with known truth: the groups differ in a feature that the label depends on, and clients hold
 * them in different shares. Nothing is downloaded.
 *
 * <p>A record of group a (sign s = +1) or b (s = −1) has features x ~ N(0, 1), the first moved by s·{@code groupEffect}/2; its label
 * is 1 with probability σ(2x₁ + x₂). The first client holds the share {@code skew} of group a, the last 1 − {@code skew}, those
 * between in even steps. Labels of the last client are turned round with probability {@code contrary}, so that a classifier that learned
 * from it can be told from one that did not. A record depends on (seed, client, number) alone.
 *
 * @param clients how many clients
 * @param records training records of each; half as many more are for testing
 * @param features how many features; those beyond the second are noise
 * @param groupEffect how far apart the groups are in the first feature; at 0 they are alike
 * @param skew share of group a at the first client
 * @param contrary share of the last client's labels that are turned round, in training and in test records
 * @param seed seed of all random numbers
 */
@Named("planted-sites")
public record PlantedSites(
        int clients, int records, int features, double groupEffect, double skew, double contrary, long seed)
        implements DataSource<Sites> {
    /** The name of the attribute. */
    public static final String GROUP = "group";

    public PlantedSites {
        require(clients >= 1 && clients <= 100_000, "clients", clients, "1 to 100,000");
        require(records >= 2, "records", records, "at least 2");
        require(features >= 2 && features <= 1_000, "features", features, "2 to 1,000");
        require(
                (long) clients * records * features <= 300_000_000L,
                "clients x records x features",
                (long) clients * records * features,
                "at most 300,000,000");
        require(groupEffect >= 0 && groupEffect <= 10, "groupEffect", groupEffect, "0 to 10");
        require(skew >= 0 && skew <= 1, "skew", skew, "0 to 1");
        require(contrary >= 0 && contrary <= 1, "contrary", contrary, "0 to 1");
    }

    /** Labels that follow the same law at every client. */
    public PlantedSites(int clients, int records, int features, double groupEffect, double skew, long seed) {
        this(clients, records, features, groupEffect, skew, 0, seed);
    }

    /** 4 clients with 500 training records each. */
    public PlantedSites() {
        this(4, 500, 6, 1.5, 0.9, 1);
    }

    public PlantedSites withClients(int clients) {
        return Components.with(this, "clients", clients);
    }

    public PlantedSites withContrary(double contrary) {
        return Components.with(this, "contrary", contrary);
    }

    public PlantedSites withGroupEffect(double groupEffect) {
        return Components.with(this, "groupEffect", groupEffect);
    }

    @Override
    public Sites load(DataFolders folders) {
        int tests = Math.max(1, records / 2);
        List<Sites.Client> found = new ArrayList<>();
        for (int k = 0; k < clients; k++) {
            int[] own = new int[records];
            int[] tested = new int[tests];
            int client = k;
            Arrays.setAll(own, i -> client * records + i);
            Arrays.setAll(tested, i -> client * tests + i);
            found.add(new Sites.Client("client " + k, own, tested));
        }
        List<String> names = new ArrayList<>();
        for (int f = 0; f < features; f++) {
            names.add("x" + (f + 1));
        }
        return new Sites(names, part("train", records), part("test", tests), found);
    }

    @Override
    public List<Path> files(DataFolders folders) {
        return List.of();
    }

    private Records part(String name, int each) {
        int n = clients * each;
        int[] starts = new int[n + 1];
        int[] columns = new int[n * features];
        float[] values = new float[n * features];
        byte[] labels = new byte[n];
        int[] groups = new int[n];
        for (int k = 0; k < clients; k++) {
            double share = clients == 1 ? skew : skew + (1 - 2 * skew) * k / (clients - 1);
            Keyed client = Keyed.seed(seed).of("planted-sites").of(name).of(k);
            for (int i = 0; i < each; i++) {
                Keyed draws = client.of(i);
                int r = k * each + i;
                groups[r] = Keyed.unit(draws.at(0)) < share ? 0 : 1;
                for (int f = 0; f < features; f++) {
                    double x =
                            Keyed.normal(draws.at(2 + f)) + (f == 0 ? (groups[r] == 0 ? 1 : -1) * groupEffect / 2 : 0);
                    columns[r * features + f] = f;
                    values[r * features + f] = (float) x;
                }
                double truth = 2 * values[r * features] + values[r * features + 1];
                labels[r] = (byte) (Keyed.unit(draws.at(1)) < 1 / (1 + StrictMath.exp(-truth)) ? 1 : 0);
                if (k == clients - 1 && Keyed.unit(client.of("contrary").at(i)) < contrary) {
                    labels[r] = (byte) (1 - labels[r]);
                }
                starts[r + 1] = (r + 1) * features;
            }
        }
        return new Records(
                features,
                starts,
                columns,
                values,
                labels,
                List.of(new Records.Attribute(GROUP, List.of("a", "b"), groups)));
    }
}
