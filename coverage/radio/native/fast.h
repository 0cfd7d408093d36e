/* Functions of one float without calls or branches, so that loops over them become vector code on every processor. */
#ifndef PHUSONG_FAST_H
#define PHUSONG_FAST_H
#include <math.h>
#include <stdint.h>

static inline float max_of(float a, float b) { return a > b ? a : b; }
static inline float min_of(float a, float b) { return a < b ? a : b; }

/* log2 (x > 0, normal) to about 1e-6. */
static inline float log2_of(float x) {
    union { float f; int32_t i; } bits = {x};
    float exponent = (float)((bits.i >> 23) - 127);
    bits.i = (bits.i & 0x7fffff) | 0x3f800000;
    const int high = bits.f > 1.41421356f;
    const float mantissa = high ? bits.f * 0.5f : bits.f;
    exponent = high ? exponent + 1 : exponent;
    const float t = (mantissa - 1) / (mantissa + 1), t2 = t * t;
    return exponent + t * (2.885390082f + t2 * (0.9617966939f + t2 * (0.5770780164f + t2 * 0.4121985831f)));
}

/* 2^x (−126 ≤ x < 127) to about 1e-7. Adding 1.5·2²³ rounds x to an integer, which then stands in the low bits. */
static inline float exp2_of(float x) {
    const float shift = 12582912.0f;
    union { float f; int32_t i; } bits = {x + shift};
    const float f = x - (bits.f - shift);
    bits.i = (int32_t)((uint32_t)(bits.i - 0x4b400000 + 127) << 23);
    return bits.f * (1 + f * (0.69314718f + f * (0.24022651f + f * (0.055504109f + f * (0.0096181291f +
                     f * (0.0013333558f + f * 0.00015403530f))))));
}

/* arctan(y/x) of y, x ≥ 0 in degrees, to 1e-5°; 0 at the origin. Odd minimax polynomial on [0, 1]. */
static inline float atan_degrees(float y, float x) {
    const float r = min_of(x, y) / max_of(max_of(x, y), 1e-30f), u = r * r;
    const float angle = r * (57.2957726f + u * (-19.0978241f + u * (11.4418097f + u * (-8.03257561f +
                        u * (5.68048382f + u * (-3.40833569f + u * (1.38957131f + u * -0.268907845f)))))));
    return y > x ? 90 - angle : angle;
}

/*
 * Φ(z), the normal distribution, to 2e-7: Φ(−|z|) = e^(−z²/2) · polynomial of t = 1/(1 + 0.28|z|), the form of
 * Abramowitz and Stegun 7.1.26; the coefficients are a minimax fit of the absolute error.
 */
static inline float normal_of(float z) {
    const float a = fabsf(z), t = 1 / (1 + 0.28f * a);
    const float tail = t * (0.116520941f + t * (0.0674957111f + t * (0.268912792f + t * (-0.23699677f +
                       t * (0.389876068f + t * -0.10580875f)))));
    const float q = tail * exp2_of(max_of(-0.72134752f * a * a, -126));
    return z > 0 ? 1 - q : q;
}
#endif
