package org.lethe.recsys.approximate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Embeddings;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.forget.ForgetRequest;

class AscentTest {
    @Test
    void bothForgetPairsAndUsers() {
        for (ForgetRequest request : List.of(Effects.PAIRS, Effects.USERS)) {
            Effects.assertForgets(new NegGrad(), Effects.BPR, request, 0.6, 0.05);
            Effects.assertForgets(new DescentAscent(), Effects.BPR, request, 0.6, 0.05);
            Effects.assertForgets(new NegGrad(), Effects.WMF, request, 0.35, 0.05);
            Effects.assertForgets(new DescentAscent(), Effects.WMF, request, 0.35, 0.05);
            Effects.assertForgets(new DescentAscent(), Effects.GRAPH, request, 0.6, 0.05);
        }
    }

    @Test
    void theStopIsAtTheLossesOfNeverSeenPairsAndThePublishedFormPassesIt() {
        Problem problem = problem(new NegGrad(), Effects.PAIRS);
        double start = problem.remembered(problem.theta);
        assertTrue(start > 0.1, "nothing to do: " + start);
        for (TableMethod stopping : List.of(new NegGrad(), new DescentAscent())) {
            double[] reached = stopping.moved(problem);
            assertTrue(problem.remembered(reached) <= 0.05 * start, stopping.toString());
            assertTrue(problem.distanceFromNeverSeen(reached) < 0.5 * start, stopping.toString());
        }
        double[] published = new NegGrad(0.02, 500, Stop.NONE).moved(problem);
        assertTrue(problem.distanceFromNeverSeen(published) > 3 * start);
    }

    @Test
    void aProjectedStepNeverRaisesTheRetainedLossToFirstOrder() {
        Keyed random = Keyed.seed(4);
        int removed = 0;
        for (int draw = 0; draw < 200; draw++) {
            double[] forget = new double[6];
            double[] retain = new double[6];
            Keyed of = random.of(draw);
            Arrays.setAll(forget, d -> Keyed.normal(of.at(d)));
            Arrays.setAll(retain, d -> Keyed.normal(of.at(d + 100)));
            double[] ascent = DescentAscent.projected(forget, retain);
            removed += Vectors.dot(forget, retain) > 0 ? 1 : 0;
            assertTrue(Vectors.dot(ascent, retain) <= 1e-12);
            assertTrue(Vectors.dot(ascent, forget) >= 0);
            double[] step = new DescentAscent().step(forget, retain, 0.1);
            assertTrue(Vectors.dot(step, retain) <= 1e-12);
        }
        assertTrue(removed > 50);
        // weighed as published, the same two gradients can raise it
        double[] same = {1, 0};
        double[] weighed =
                new DescentAscent(0.01, 0.3, 1, 0, DescentAscent.Combine.WEIGH, Stop.NONE).step(same, same, 9);
        assertArrayEquals(new double[] {0.4, 0}, weighed, 1e-15);
        double[] cancelled =
                new DescentAscent(0.01, 0.5, 1, 0, DescentAscent.Combine.WEIGH, Stop.NONE).step(same, same, 9);
        assertArrayEquals(new double[2], cancelled, 0);
    }

    @Test
    void usersWithoutAForgottenPairKeepTheirBits() {
        Problem problem = problem(new NegGrad(), Effects.PAIRS);
        Embeddings after = Effects.fulfilled(new NegGrad(), Effects.BPR, Effects.PAIRS);
        boolean[] rows = problem.touched();
        int dims = problem.dims;
        int still = 0;
        for (int u = 0; u < problem.users; u++) {
            float[] was = Arrays.copyOfRange(problem.before.userRows(), u * dims, (u + 1) * dims);
            float[] is = Arrays.copyOfRange(after.userRows(), u * dims, (u + 1) * dims);
            assertTrue(rows[u] || Arrays.equals(was, is));
            still += rows[u] ? 0 : 1;
        }
        assertTrue(still > 10);
    }

    @Test
    void theNeverSeenLevelWithoutAValidationPartIsNearThatWithOne() {
        Problem with = problem(new NegGrad(), Effects.PAIRS);
        Problem without = Problem.of(
                        new NegGrad(),
                        Effects.trained(Effects.BPR),
                        Effects.PAIRS.resolve(Effects.unvalidated(Effects.DATA)),
                        Effects.BPR,
                        Effects.unvalidated(Effects.DATA),
                        false,
                        Effects.env())
                .orElseThrow();
        double[] seen = without.loss(without.retained()).values(without.theta);
        double ofSeen = Arrays.stream(seen).average().orElseThrow();
        double estimated = Arrays.stream(without.neverSeen()).average().orElseThrow();
        double held = Arrays.stream(with.neverSeen()).average().orElseThrow();
        assertTrue(estimated > 1.5 * ofSeen, estimated + " and " + ofSeen);
        assertTrue(estimated < 1.5 * held, estimated + " and " + held);
    }

    @Test
    void aUserWithNothingLeftGoesToTheLossOfRowsOfZeros() {
        for (double level : problem(new NegGrad(), Effects.USERS).neverSeen()) {
            assertEquals(Math.log(2), level, 1e-12);
        }
    }

    static Problem problem(TableMethod method, ForgetRequest request) {
        return problem(method, request, Effects.BPR);
    }

    static Problem problem(TableMethod method, ForgetRequest request, Bpr learner) {
        return Problem.of(
                        method,
                        Effects.trained(learner),
                        request.resolve(Effects.DATA),
                        learner,
                        Effects.DATA,
                        false,
                        Effects.env())
                .orElseThrow();
    }
}
