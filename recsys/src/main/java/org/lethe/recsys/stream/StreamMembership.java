package org.lethe.recsys.stream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Direction;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Verdict;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.ErasureStream.Arrivals;
import org.lethe.recsys.stream.Streamed.Point;
import org.lethe.statistics.Resampling;
import org.lethe.statistics.Resampling.Difference;
import org.lethe.statistics.Resampling.Sampled;
import org.lethe.statistics.Roc;

/**
 * Attacks a model at every measuring point of a stream, to tell which events it learned. In a stream of {@code spam} these are
 * those of injected users.
 *
 * <p>Members are the erased training events of the requests so far, non-members the events of the test part that remain. {@code
 * auc} is the chance that a member has a larger log p than a non-member, as the attacker sees it. {@code rmiaAuc} is the same with
 * {@code p / ½((1 + a) P + 1 − a)}, where P is the mean p of models that never saw either: two retrained models of other seeds, or,
 * where the model does not depend on its seed, the retrained model itself (RMIA; Zarifzadeh, Liu and Shokri 2024; the form without
 * reference models that were trained on a member). The share of a population with a smaller ratio, on which RMIA decides, is in the
 * order of the ratios, so that its area is the same. With a of 1 the ratio is p / P; a smaller one hardly divides at all where items
 * are many and each p is small.
 *
 * <p>There is a bar on each in the end: it is that of the retrained model within {@code margin}. Its retrained AUC need not be
 * one half, as later events differ from earlier ones. The interval draws users, each with all events. At the
 * points before the end, the AUC is reported with its interval.
 *
 * <p>For sessions alone: on baskets neither area told a model that forgot nothing from a retrained one.
 *
 * <p>Cost: the scores of at most 4,000 events by at most five models for each point.
 *
 * @param margin largest difference from retraining
 * @param a slope of what a model that saw an event is expected to give by what others give
 * @param resamples number of resamples of an interval
 */
@Named("stream-membership")
public record StreamMembership(double margin, double a, int resamples) implements Audit<Events, NextItems> {
    public StreamMembership {
        Check.require(margin > 0 && margin < 0.5, "margin", margin, "above 0 and below 0.5");
        Check.require(a > 0 && a <= 1, "a", a, "above 0 and at most 1");
        Check.require(resamples >= 100, "resamples", resamples, "at least 100");
    }

    /** A margin of 0.05, plain ratios, 500 resamples. */
    public StreamMembership() {
        this(0.05, 1, 500);
    }

    @Override
    public List<Finding> examine(Case<Events, NextItems> c, Env env) {
        List<Point<NextItems>> reference = points(c.reference());
        List<Point<NextItems>> after = points(c.after());
        if (reference.isEmpty()) {
            return List.of(undecided("auc", "nothing was requested"));
        }
        Arrivals arrivals = ((ErasureStream) c.request()).on(c.data());
        List<Finding> findings = new ArrayList<>();
        for (int p = 0; p < reference.size(); p++) {
            NextItems model = after.isEmpty() ? c.after() : after.get(p).model();
            boolean end = p == reference.size() - 1;
            findings.addAll(attacked(c, arrivals, model, reference.get(p), end, env));
        }
        return findings;
    }

    private static List<Point<NextItems>> points(NextItems model) {
        return model instanceof StreamedSequences streamed ? streamed.points() : List.of();
    }

    private Finding undecided(String name, String why) {
        return new Finding(name, 0, 0, Direction.NONE).judged(new Verdict.Undecided(bar(), why));
    }

    /** The findings at one point. */
    private List<Finding> attacked(
            Case<Events, NextItems> c,
            Arrivals arrivals,
            NextItems model,
            Point<NextItems> reference,
            boolean end,
            Env env) {
        int requests = reference.requests();
        List<Example> members =
                ForgottenExamples.of(c.data(), arrivals.erased().subList(0, requests), env.random("members"));
        List<Example> others = ForgottenExamples.unseen(arrivals.after(requests, c.data()), env.random("others"));
        if (members.isEmpty() || others.isEmpty()) {
            return end
                    ? List.of(undecided("auc", "there are no erased events, or no test events to tell them from"))
                    : List.of();
        }
        Attack attack = new Attack(members, others, resamples, env);
        double[] after = attack.logP(model);
        double[] before = attack.logP(c.before());
        double[] again = attack.logP(reference.model());
        List<double[]> seeds = reference.others().stream().map(attack::logP).toList();
        List<Finding> findings = new ArrayList<>();
        findings.add(finding(
                "auc",
                requests,
                end,
                attack.auc(after),
                attack.auc(before),
                Stream.concat(Stream.of(again), seeds.stream()).map(attack::auc).toList(),
                attack.owners));
        List<double[]> out = seeds.isEmpty() ? List.of(again) : seeds;
        findings.add(finding(
                "rmiaAuc",
                requests,
                end,
                attack.auc(ratios(after, out, a)),
                attack.auc(ratios(before, out, a)),
                List.of(attack.auc(ratios(again, out, a))),
                attack.owners));
        return findings;
    }

    private Finding finding(
            String name,
            int requests,
            boolean end,
            Sampled after,
            Sampled before,
            List<Sampled> references,
            int owners) {
        Finding finding = new Finding(end ? name : name + "-after-" + requests, after.value(), owners, Direction.NONE)
                .within(after.interval());
        List<Difference> apart = references.stream().map(after::less).toList();
        List<Difference> untreated = references.stream().map(before::less).toList();
        return end
                ? finding.judged(Resampling.likeReferences(bar(), apart, untreated, margin, owners, "users"))
                        .tested(Resampling.pValue(after.differences(references.getFirst())))
                : finding;
    }

    /**
     * The logarithm of p over what is expected of a model that need not have seen an event, for each event.
     *
     * @param logP of the model that is attacked
     * @param out the same of models that did not see them
     * @param a as in the settings
     */
    public static double[] ratios(double[] logP, List<double[]> out, double a) {
        double[] ratios = new double[logP.length];
        Arrays.setAll(ratios, n -> {
            double mean =
                    out.stream().mapToDouble(o -> Math.exp(o[n])).average().orElseThrow();
            return logP[n] - Math.log(((1 + a) * mean + 1 - a) / 2);
        });
        return ratios;
    }

    /** Events with the users to whom they belong, for an attacker that tells members from others by a score. */
    private static final class Attack {
        private final List<Example> events;
        private final boolean[] member;
        private final int[] owner;
        private final int owners;
        private final int resamples;
        private final Env env;

        Attack(List<Example> members, List<Example> others, int resamples, Env env) {
            events = Stream.concat(members.stream(), others.stream()).toList();
            member = new boolean[events.size()];
            Arrays.fill(member, 0, members.size(), true);
            owner = new int[events.size()];
            Map<Integer, Integer> numbers = new LinkedHashMap<>();
            Arrays.setAll(owner, n -> numbers.computeIfAbsent(events.get(n).user(), _ -> numbers.size()));
            owners = numbers.size();
            this.resamples = resamples;
            this.env = env;
        }

        double[] logP(NextItems model) {
            return Arrays.stream(ForgottenExamples.losses(model, events, env.workers()))
                    .map(loss -> -loss)
                    .toArray();
        }

        /** The area, with the same resamples of users for each model. */
        Sampled auc(double[] scores) {
            Keyed key = env.random("resamples");
            Roc roc = new Roc(scores, member, owner);
            return Sampled.of(resamples, owners, key, roc::auc);
        }
    }

    private String bar() {
        return String.format(Locale.ROOT, "that of the retrained model, within %s", margin);
    }

    @Override
    public Aspect aspect() {
        return Aspect.EFFECT;
    }

    @Override
    public Optional<String> unsuited(Request request, Method<Events, NextItems> method) {
        return ErasureStream.unsuited(this, request);
    }

    @Override
    public String limits() {
        return "The attacker sees scores of single events alone and has at most two models of its own; one that compares the"
                + " models before and after a request, or trains shadow models on members, may see more.";
    }
}
