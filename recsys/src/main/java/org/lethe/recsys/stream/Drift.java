package org.lethe.recsys.stream;

import java.util.List;
import java.util.Optional;
import org.lethe.Aspect;
import org.lethe.Audit;
import org.lethe.Case;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Picture;
import org.lethe.Request;
import org.lethe.recsys.sequence.Events;
import org.lethe.recsys.sequence.Events.Example;
import org.lethe.recsys.sequence.Events.Part;
import org.lethe.recsys.sequence.NextItemRanking;
import org.lethe.recsys.sequence.NextItemRanking.Measured;
import org.lethe.recsys.sequence.NextItems;
import org.lethe.recsys.stream.ErasureStream.Arrivals;

/**
 * Compares a model with a retrained one at every measuring point of a stream (erase 4.5).
 *
 * <p>{@code relNdcg} is the NDCG of the model over that of the retrained one, on the same remaining test examples. {@code
 * forgetGap} is (ℓ_r − ℓ) / (ℓ_r − ℓ_b), where ℓ is the mean −log p of the erased events under the model, under the
 * retrained one and under the model before: 1 as if nothing was done, 0 as after retraining, below 0 where an erased event
 * is less likely than after retraining. {@code sameLists} is the share of test examples with the same recommendations as the
 * retrained model gives. Where items are watched (a sensitive category, targets of spam), {@code watchedShare} is their
 * share of all recommended places over the same share of the retrained model.
 *
 * <p>There are two bars, on what the whole stream comes to: {@code relNdcg} is at least 0.98 in the end and never below
 * 0.97, and {@code forgetGap} is from −0.25 to {@code gap} in the end. Models trained with other seeds, where the reference
 * has any, show how much of a difference is chance.
 *
 * <p>Cost: two rankings of all test examples, and the scores of at most 2,000 erased events, for each point.
 *
 * @param k number of recommendations
 * @param gap largest forget gap in the end
 */
@Named("drift")
public record Drift(int k, double gap) implements Audit<Events, NextItems> {
    public Drift {
        Check.require(k >= 1, "k", k, "at least 1");
        Check.require(gap > 0 && gap < 1, "gap", gap, "between 0 and 1");
    }

    /** Top 20, a gap of at most 0.5. */
    public Drift() {
        this(20, 0.5);
    }

    @Override
    public List<Finding> examine(Case<Events, NextItems> c, Env env) {
        return course(c, env).findings();
    }

    @Override
    public List<Picture> pictures(Case<Events, NextItems> c, Env env) {
        return course(c, env).pictures();
    }

    private Course<Events, NextItems> course(Case<Events, NextItems> c, Env env) {
        Arrivals arrivals = ((ErasureStream) c.request()).on(c.data());
        return new Course<>(new Next(arrivals, c.data(), k, env), k, gap, c, env);
    }

    /** How models of sessions and baskets are measured. */
    private record Next(Arrivals arrivals, Events data, int k, Env env) implements Course.Judged<NextItems> {
        @Override
        public Course.Lists lists(NextItems model, int requests) {
            Measured measured =
                    NextItemRanking.of(model, arrivals.after(requests, data).examples(Part.TEST), k, env.workers());
            return new Course.Lists(measured.lists(), measured.ndcgFull());
        }

        @Override
        public double loss(NextItems model, int requests) {
            List<Example> forgotten =
                    ForgottenExamples.of(data, arrivals.erased().subList(0, requests), env.random("forgotten"));
            return forgotten.isEmpty() ? Double.NaN : ForgottenExamples.loss(model, forgotten, env.workers());
        }

        @Override
        public boolean[] watched() {
            return arrivals.watched();
        }
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
        return "A forget gap near 0 says that erased events are about as likely on average as after retraining; single"
                + " events may still stand out, and no attacker with further knowledge was tried.";
    }
}
