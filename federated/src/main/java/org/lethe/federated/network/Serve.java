package org.lethe.federated.network;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.federated.Classifier;
import org.lethe.federated.Federated;
import org.lethe.federated.FederatedLearner;
import org.lethe.federated.GroupRates;
import org.lethe.federated.LogisticRegression;
import org.lethe.federated.Mlp;
import org.lethe.federated.SiteTable;
import org.lethe.federated.Sites;
import org.lethe.federated.balance.BalanceSites;
import org.lethe.federated.balance.FedAvg;
import org.lethe.federated.balance.WassFfed;

/**
 * Serves a federation: real sites train a classifier together, each on a table that stays where it is, over mutual TLS.
 *
 * <p>The sites run {@code federate join}. Rounds of plain averaging come first, then those of the method. The state is written
 * after every round; started again with the same options, the server goes on at the same round. It ends when the rounds are over.
 *
 * @param to file for the classifier: .safetensors
 * @param sites number of sites that take part
 * @param label name of the column of labels in the table of every site
 * @param positive text of the label that counts as 1
 * @param sensitive names of the columns that are attributes of people; groups are their combinations
 * @param features names of the columns that become features; empty for all others
 * @param sensitiveInInput whether sensitive columns are features too
 * @param model model with its settings, as in a study file: "{mlp: {hidden: 32}}"
 * @param method what follows plain averaging, with its settings: fed-avg or wassffed
 * @param fairness demographic-parity, equal-opportunity or equalized-odds
 * @param smallest fewest training rows of a group, over all sites
 * @param least fewest rows of a site with a text, or in a group, that the site tells of
 * @param test share of the rows of every site that only test the classifier
 * @param quorum share of the sites whose replies close a round
 * @param fewest fewest sites whose replies make a round
 * @param deadlineSeconds after which a round closes with the replies that are there
 * @param gatherMinutes in which all sites must come
 * @param port at which the server listens
 * @param metricsPort port of this machine at which a monitor reads /metrics; 0 for none
 * @param certificates folder with ca.crt, server.crt and server.key
 * @param state folder of the state after each round
 */
@Named("federate serve")
public record Serve(
        @Required Path to,
        int sites,
        String label,
        String positive,
        List<String> sensitive,
        List<String> features,
        boolean sensitiveInInput,
        FederatedLearner model,
        Method<Sites, Classifier> method,
        BalanceSites.Fairness fairness,
        int smallest,
        int least,
        double test,
        double quorum,
        int fewest,
        int deadlineSeconds,
        int gatherMinutes,
        int port,
        int metricsPort,
        @Required Path certificates,
        Path state)
        implements Tool<Serve.Result> {
    static final int BEAT_MILLIS = 30_000;

    public Serve {
        sensitive = List.copyOf(sensitive);
        features = List.copyOf(features);
        Check.require(sites >= 1 && sites <= 10_000, "sites", sites, "1 to 10,000");
        Check.require(deadlineSeconds >= 1, "deadlineSeconds", deadlineSeconds, "at least 1");
        Check.require(gatherMinutes >= 1, "gatherMinutes", gatherMinutes, "at least 1");
        Check.require(port >= 0 && port <= 65_535, "port", port, "0 to 65,535");
        Check.require(metricsPort >= 0 && metricsPort <= 65_535, "metricsPort", metricsPort, "0 to 65,535");
        Check.require(quorum > 0 && quorum <= 1, "quorum", quorum, "above 0, at most 1");
        Check.require(fewest >= 1 && fewest <= sites, "fewest", fewest, "1 to the number of sites, " + sites);
        Check.require(test > 0 && test < 1, "test", test, "between 0 and 1");
    }

    /** WassFFed of 5 sites; the files and the sensitive columns are still to be named. */
    public Serve() {
        this(
                Path.of(""),
                5,
                "label",
                "1",
                List.of(),
                List.of(),
                false,
                new Mlp(),
                new WassFfed(),
                BalanceSites.Fairness.DEMOGRAPHIC_PARITY,
                50,
                5,
                0.3,
                0.8,
                2,
                600,
                60,
                9092,
                0,
                Path.of(""),
                Path.of("federation"));
    }

    @Override
    public List<?> entries() {
        return List.of(new Mlp(), new LogisticRegression(), new WassFfed(), new FedAvg());
    }

    /**
     * The classifier, and how it decides on the test rows of all sites.
     *
     * @param rounds that it took
     * @param sites names of the sites
     * @param quarantined sites whose replies were faulty
     * @param groups names of the groups
     * @param accuracy share of right decisions
     * @param fairness differences between groups, where they have a value
     * @param classifier file that was written
     */
    public record Result(
            int rounds,
            List<String> sites,
            List<String> quarantined,
            List<String> groups,
            double accuracy,
            Map<String, Double> fairness,
            Path classifier)
            implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.println(rounds + " rounds with " + sites.size() + " sites: " + String.join(", ", sites)
                    + (quarantined.isEmpty() ? "" : "; in quarantine: " + String.join(", ", quarantined)));
            out.println("groups: " + (groups.isEmpty() ? "none" : String.join(", ", groups)));
            out.printf(Locale.ROOT, "%n%-45s %.4f%n", "accuracy on the test rows", accuracy);
            fairness.forEach((name, value) -> out.printf(Locale.ROOT, "%-45s %.4f%n", name, value));
            out.println();
            out.println(classifier.toString());
        }
    }

    Plan plan(long seed) {
        return new Plan(
                model,
                method,
                fairness,
                smallest,
                new SiteTable.Layout(label, positive, sensitive, features, sensitiveInInput, test, seed, least),
                sites,
                new Plan.Rules(quorum, fewest, 1_000L * deadlineSeconds, 60_000L * gatherMinutes, BEAT_MILLIS));
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED);
    }

    @Override
    public Result run(Env env) throws IOException {
        Host host = new Host(plan(env.seed()), state, env);
        Optional<HttpServer> monitor =
                metricsPort == 0 ? Optional.empty() : Optional.of(host.metrics().serve(metricsPort));
        try (Channel.Listening _ =
                Channel.listen(port, Optional.of(new Channel.Identity(certificates, "server")), host::answer)) {
            return result(host.run());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LetheException(LetheException.Code.NETWORK, "federation: interrupted", e);
        } finally {
            monitor.ifPresent(m -> m.stop(0));
        }
    }

    private Result result(Host.Outcome outcome) throws IOException {
        List<String> groups = outcome.agreement().grouping().stream()
                .flatMap(g -> g.names().stream())
                .toList();
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("lethe.sites", "" + outcome.sites().size());
        List<SiteTable.Column> columns = outcome.agreement().columns();
        for (int c = 0; c < columns.size(); c++) {
            SiteTable.Column column = columns.get(c);
            provenance.put("lethe.column." + c, column.name());
            if (column.number()) {
                provenance.put("lethe.column." + c + ".range", column.low() + " to " + column.high());
            }
            for (int t = 0; t < column.texts().size(); t++) {
                provenance.put(
                        "lethe.column." + c + ".text." + t, column.texts().get(t));
            }
        }
        new Federated().save(outcome.classifier(), provenance, to);
        // the last cell is of people without a group: they count for accuracy, and are no group to compare
        GroupRates all = outcome.rates();
        GroupRates compared = new GroupRates(Arrays.copyOf(all.counts(), groups.size()));
        Map<String, Double> fair = new LinkedHashMap<>();
        if (groups.size() > 1) {
            for (GroupRates.Metric metric : GroupRates.Metric.values()) {
                compared.value(metric).ifPresent(value -> fair.put(metric.label(), value));
            }
        }
        return new Result(
                plan(0).rounds(),
                outcome.sites(),
                outcome.quarantined(),
                groups,
                all.accuracy()
                        .orElseThrow(() -> new LetheException(
                                LetheException.Code.DATA, "no site has a test row, expected at least one")),
                fair,
                to);
    }
}
