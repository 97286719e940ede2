package org.lethe.study;

/**
 * A pair that a study leaves out because its parts do not fit together, with the reason.
 *
 * @param model the model, in the words of a study file; empty where it is not the reason
 * @param request the request
 * @param method the method
 * @param audit the audit that was left out of the cells of the three; empty where there are no such cells at all
 * @param why a sentence
 */
public record LeftOut(String model, String request, String method, String audit, String why) {}
